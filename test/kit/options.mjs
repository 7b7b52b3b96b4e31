/** The command line of ./run.sh. */
import { parseArgs } from 'node:util';
import { suites } from './plan.mjs';

const parts = [...suites.map(({ name }) => name), 'bench'];

export const usage = `./run.sh [options] [paths of tests]
Tests Tandem on this machine's GPU, measures it, and writes one JSON file. Exit code 0: every part passed.

  --out FILE       where the results go (default: results.json)
  --adapter NAME   an adapter by a part of its name, also one that computes on the CPU (default: gpu, a hardware GPU)
  --minutes N      the time for everything; what is not done by then is killed (default: 10)
  --only NAMES     some of ${parts.join(', ')}, with commas between (default: all)
  paths            tests to run in place of the suites and benches, for example test/kernels/matmul.test.ts`;

/** Throws what is wrong with the arguments, and what is expected. */
export function readOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'results.json' },
      adapter: { type: 'string', default: 'gpu' },
      minutes: { type: 'string', default: '10' },
      only: { type: 'string', default: parts.join(',') },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: expected a number above 0, for example 10`);
  const only = values.only.split(',');
  const unknown = only.find((name) => !parts.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: expected some of ${parts.join(', ')}`);
  return { ...values, minutes, only, paths: positionals };
}
