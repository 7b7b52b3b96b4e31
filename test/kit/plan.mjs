/** What the kit runs, in this order, and how much of the time that is left each part may take. */

/** Test suites: files or folders for Vitest. */
export const suites = [
  { name: 'kernels', paths: ['test/device', 'test/kernels'], share: 0.5 },
  { name: 'parity', paths: ['test/nn'], share: 0.6 },
];

/** Scripts of the benches with their arguments; a bench that takes `--out` has its figures read from there. */
export const benches = [
  {
    name: 'matrix products and elementwise kernels',
    script: 'test/bench/kernels.bench.mjs',
    args: () => [],
    share: 0.5,
  },
  { name: 'training step', script: 'test/bench/training-step.mjs', args: () => ['4', '0'], share: 0.5 },
  { name: 'encoding', script: 'test/bench/encode.mjs', args: () => ['all-MiniLM-L6-v2'], share: 1 },
];
