/**
 * The device thread: one long-lived thread that owns one GPU device, its pipelines, the warm models and the resident
 * segments. Started by jobs/ with ThreadData as worker data; it answers DeviceCommands and opens no database.
 */
import { workerData } from 'node:worker_threads';
import type { Gpu } from '../src/device/types.ts';
import { openGpu } from '../src/device/webgpu/open.ts';
import { DeviceServer } from '../src/serve/server.ts';
import { openStorage } from '../src/storage/storage.ts';
import { planTraining, train } from '../src/train/loop.ts';
import type { DeviceCommands, ThreadData } from './protocol.ts';
import { answer } from './runtime.ts';

const { adapter, storageRoot } = workerData as ThreadData;
const storage = openStorage(storageRoot);

/** Opened once. A machine without an adapter is told by every answer, first of all by `describe`. */
const opening: Promise<{ gpu: Gpu; server: DeviceServer }> = openGpu({ adapter, label: 'tandem' }).then((gpu) => {
  const server = new DeviceServer(gpu, storage);
  server.compile();
  return { gpu, server };
});
/** A thread without its device ends: then nothing is sent to it, queued runs wait, and GET /health says why. */
async function endIfLost({ gpu }: { readonly gpu: Gpu }): Promise<never> {
  const error = await gpu.lost;
  await gpu.destroy().catch(() => {});
  throw error;
}

// The rejection that nobody handles is what ends the thread.
void opening.then(endIfLost, () => {});

/** Every command is a task of its own: what goes wrong in one on the device does not reach those beside it. */
async function onDevice<T>(work: (gpu: Gpu, server: DeviceServer) => Promise<T>): Promise<T> {
  const { gpu, server } = await opening;
  return gpu.task(() => work(gpu, server));
}

answer<DeviceCommands>(
  {
    describe: async () => (await opening).gpu.adapter,
    plan: (input) => onDevice((gpu) => planTraining(gpu, storage, input)),
    train: (input, { emit, signal }) =>
      onDevice((gpu, { scheduler }) => train(gpu, storage, input, { emit, signal, turn: scheduler.turn })),
    encode: async (input, { signal, transfer }) => {
      const vectors = await onDevice((_gpu, server) => server.encode(input, signal));
      transfer(vectors.data.buffer as ArrayBuffer);
      return vectors;
    },
    evaluate: (input, { emit, signal }) =>
      onDevice((_gpu, server) => server.evaluate(input, { signal, onEncoded: (progress) => emit(progress) })),
    search: async (input, { signal, transfer }) => {
      const found = await onDevice((_gpu, server) => server.search(input, signal));
      transfer(found.rows.buffer as ArrayBuffer, found.scores.buffer as ArrayBuffer);
      return found;
    },
    forget: (input) => onDevice((_gpu, server) => server.forget(input)),
  },
  {
    onClose: async () => {
      const opened = await opening.catch(() => undefined);
      await opened?.gpu.destroy();
    },
  },
);
