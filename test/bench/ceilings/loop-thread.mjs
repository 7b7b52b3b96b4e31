/** A thread that runs one of the loops when all of them are ready, and says when it began and ended. */
import { parentPort, workerData } from 'node:worker_threads';

const { module, bytes, threads, arrivals } = workerData;
const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
// Every page is touched, so that none is mapped while time is taken.
new Uint8Array(memory.buffer).fill(0);
const { exports } = new WebAssembly.Instance(module, { m: { m: memory } });
const now = () => Number(process.hrtime.bigint()) / 1e6;

parentPort.on('message', ({ loop, args, repeats, generation }) => {
  Atomics.add(arrivals, 0, 1);
  while (Atomics.load(arrivals, 0) < threads * generation);
  const begin = now();
  for (let turn = 0; turn < repeats; turn++) exports[loop](...args);
  parentPort.postMessage({ begin, end: now() });
});
