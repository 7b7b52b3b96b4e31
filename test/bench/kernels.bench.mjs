/**
 * Speed of the matrix products and elementwise kernels on this machine's adapter, from the built tree:
 *   npm run build && node test/bench/kernels.bench.mjs
 * `wall` is the best of several runs; `cpu` is processor time a run over two cores, steadier on a busy machine
 * (software adapters only).
 */
import { add, dropout, geluBackward, geluForward } from '../../dist/src/kernels/elementwise.js';
import { columnSum, matmulNN, matmulNT, matmulTN } from '../../dist/src/kernels/matmul.js';
import { cpuNow, openBenchGpu } from './setup.mjs';

const gpu = await openBenchGpu();
console.log(gpu.adapter.name);

const filled = (shape) => {
  const tensor = gpu.allocate('bench', shape);
  gpu.write(
    tensor,
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
  );
  return tensor;
};
/** Prints milliseconds a run; with `flops`, the rate too. */
async function measure(label, run, flops) {
  const start = performance.now();
  run();
  await gpu.idle();
  const first = performance.now() - start;
  const rounds = 8;
  let wall = Number.POSITIVE_INFINITY;
  const before = cpuNow();
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now();
    run();
    await gpu.idle();
    wall = Math.min(wall, performance.now() - from);
  }
  const cpu = (cpuNow() - before) / rounds / 2;
  const rate =
    flops === undefined ? '' : `${(flops / wall / 1e6).toFixed(2)} GFLOP/s wall, ${(flops / cpu / 1e6).toFixed(2)} cpu`;
  console.log(
    label.padEnd(28),
    `first ${first.toFixed(0)} ms, ${wall.toFixed(2)} ms wall, ${cpu.toFixed(2)} cpu`.padEnd(46),
    rate,
  );
}

for (const [m, n, k] of [
  [1500, 64, 64],
  [1500, 256, 64],
  [1500, 64, 256],
  [512, 512, 512],
  [1152, 384, 384],
  [1152, 1536, 384],
  [1152, 384, 1536],
]) {
  const flops = 2 * m * n * k;
  const [x, w, y, dW, bias] = [filled([m, k]), filled([n, k]), filled([m, n]), filled([n, k]), filled([n])];
  const dX = filled([m, k]);
  await measure(`NT ${m} x ${n} over ${k}`, () => matmulNT(gpu, { a: x, b: w, bias, out: y }), flops);
  await measure(`NN ${m} x ${k} over ${n}`, () => matmulNN(gpu, { a: y, b: w, out: dX }), flops);
  await measure(`TN ${n} x ${k} over ${m}`, () => matmulTN(gpu, { a: y, b: x, out: dW, accumulate: true }), flops);
  await measure(`column sum ${m} x ${n}`, () => columnSum(gpu, { x: y, out: bias, accumulate: true }));
}
const [t, c] = [1500, 256];
const [x, y, out] = [filled([t, c]), filled([t, c]), filled([t, c])];
const ids = gpu.allocate('ids', [t], 'u32');
await measure(`add ${t} x ${c}`, () => add(gpu, { a: x, b: y, out }));
await measure(`GELU ${t} x ${c}`, () => geluForward(gpu, { x, out }));
await measure(`GELU backward ${t} x ${c}`, () => geluBackward(gpu, { x, dOut: y, dX: out }));
const key = { tokenSample: ids, tokenPosition: ids, rate: 0.1, seed: 1, step: 1, site: 1 };
await measure(`dropout ${t} x ${c}`, () => dropout(gpu, { x, out, ...key }));
await gpu.destroy();
