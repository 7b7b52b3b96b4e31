/** The parts of a run: finding the adapter, a test suite, a bench. Each is a process that may take a given time. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runWithin } from './command.mjs';

/** A driver that takes longer to open its adapter hangs. */
const longestProbe = 60_000;
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers', '1'];
const reporters = ['--reporter', 'default', '--reporter', './test/kit/reporter.mjs'];

const remedy =
  "Install the GPU's Vulkan driver (a JSON file below /usr/share/vulkan/icd.d or /etc/vulkan/icd.d names it; in " +
  'containers for NVIDIA set NVIDIA_DRIVER_CAPABILITIES=all), or name its JSON file by VK_DRIVER_FILES.';

/** The adapter's report as `gpu`; null with an error and what to do where there is none. */
export async function probe(time, { scratch, adapter, place }) {
  const file = join(scratch, 'adapter.json');
  const { ended } = await runWithin(Math.min(time, longestProbe), ['test/kit/probe.mjs', file], place);
  if (existsSync(file)) return { gpu: readJson(file) };
  return { gpu: null, error: `no adapter "${adapter}" could be opened (${ended}); stderr has the reason`, remedy };
}

/** Counts, and the names of tests that failed or were under way when the suite was killed. */
export async function runSuite({ name, paths }, time, { scratch, place: { cwd, env } }) {
  announce(name, time);
  const lines = join(scratch, 'tests.jsonl');
  writeFileSync(lines, '');
  const place = { cwd, env: { ...env, TANDEM_KIT_LINES: lines } };
  const { ended, why, seconds } = await runWithin(time, [...vitest, ...paths, ...reporters], place);
  const told = readFileSync(lines, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const ofState = (state) => told.filter((line) => line.state === state);
  const done = new Set(told.map((line) => line.name));
  return {
    ...{ name, ended, why, seconds },
    ...{ passed: ofState('passed').length, failed: ofState('failed').length, skipped: ofState('skipped').length },
    failures: ofState('failed'),
    underWay: told.flatMap(({ begun }) => (begun === undefined || done.has(begun) ? [] : [begun])),
    slowest: ofState('passed')
      .sort((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, 5),
  };
}

/** The figures that the bench wrote to its file, else what it said. */
export async function runBench({ name, script, args }, time, { scratch, adapter, place }) {
  announce(name, time);
  const file = join(scratch, 'bench.json');
  // That of the bench before: one that is killed writes none.
  rmSync(file, { force: true });
  const { ended, why, seconds, output } = await runWithin(time, [script, ...args(adapter, file)], place);
  const figures = existsSync(file) ? { figures: readJson(file) } : { output: output.split('\n') };
  return { name, ended, why, seconds, ...figures };
}

function announce(name, time) {
  process.stderr.write(`\n== ${name}, at most ${(time / 1000).toFixed(0)} s\n`);
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
