/** What the kit runs, in this order, and how much of the time that is left each part may take. */

/** Test suites: files or folders for Vitest. */
export const suites = [
  { name: 'kernels', paths: ['test/device', 'test/kernels'], share: 0.5 },
  { name: 'parity', paths: ['test/nn'], share: 0.6 },
];

/**
 * Scripts of the benches with their arguments, given the adapter and the file for the figures. Each part of the bench
 * is a run of its own: one that is killed takes no figures of the others with it.
 */
export const benches = [
  bench('kernels', 0.4),
  bench('matmul', 0.4),
  bench('encode', 0.5),
  bench('train', 0.6),
  bench('search', 1),
];

function bench(part, share) {
  const args = (adapter, file) => ['--only', part, '--adapter', adapter, '--out', file];
  return { name: `bench: ${part}`, script: 'test/bench/run.mjs', args, share };
}
