/** Tests Tandem on the GPU of this machine, measures it, and writes one JSON file: `./run.sh --help`. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions, usage } from './options.mjs';
import { probe, readJson, runBench, runSuite } from './parts.mjs';
import { benches, suites } from './plan.mjs';
import { findVulkan } from './vulkan.mjs';

const kit = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await runIn(mkdtempSync(join(tmpdir(), 'tandem-kit-')), options);
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}

async function runIn(scratch, options) {
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const results = await runAll(scratch, options);
  tell(results, options.out);
  process.exitCode = results.passed ? 0 : 1;
}

/** The results, which are also written whenever a part has ended: a machine may be taken away. */
async function runAll(scratch, { out, adapter, minutes, only, paths }) {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const left = (share) => Math.max(0, (minutes * 60 - seconds()) * 1000 * share);
  const { environment, ...vulkan } = findVulkan(kit, process.env);
  const where = {
    scratch,
    adapter,
    place: { cwd: kit, env: { ...environment, TANDEM_TEST_ADAPTER: adapter, NO_COLOR: '1' } },
  };
  const results = { passed: false, seconds: 0, startedAt: new Date().toISOString(), minutes };
  Object.assign(results, { kit: readJson(join(kit, 'kit.json')), machine: describeMachine(), vulkan });
  const save = (more) => {
    Object.assign(results, more, { seconds: Number(seconds().toFixed(1)) });
    writeFileSync(out, `${JSON.stringify(results, undefined, 2)}\n`);
  };

  save({ ...(await probe(left(1), where)), suites: [], benches: [] });
  if (results.gpu === null) return results;
  describeGpu(results.gpu);
  const chosen = paths.length > 0 ? [{ name: 'chosen tests', paths, share: 1 }] : suites;
  for (const suite of chosen.filter(({ name }) => paths.length > 0 || only.includes(name)))
    save({ suites: [...results.suites, await runSuite(suite, left(suite.share), where)] });
  for (const bench of paths.length === 0 && only.includes('bench') ? benches : [])
    save({ benches: [...results.benches, await runBench(bench, left(bench.share), where)] });
  save({ passed: [...results.suites, ...results.benches].every(({ ended }) => ended === 'passed') });
  return results;
}

function describeMachine() {
  const { glibcVersionRuntime: glibc } = process.report.getReport().header;
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const os = /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? 'unknown';
  return { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), os, kernel: release(), glibc };
}

function describeGpu({ name, vendor, architecture, backend, driver, features, limits }) {
  console.log(`${name} (${vendor} ${architecture}), ${backend}, driver: ${driver}\nfeatures: ${features.join(', ')}`);
  for (const [limit, value] of Object.entries(limits)) console.log(`  ${limit} ${value}`);
}

/** Says in short what the file holds. */
function tell({ passed, suites: ran, benches: measured, error, remedy, seconds }, out) {
  console.log('');
  for (const { name, passed: count, failed, skipped, ended, seconds: took } of ran)
    console.log(`${name}: ${ended}, ${count} passed, ${failed} failed, ${skipped} skipped, ${took} s`);
  for (const { failures, underWay } of ran) {
    for (const { name } of failures) console.log(`  failed: ${name}`);
    for (const name of underWay) console.log(`  under way when it ended: ${name}`);
  }
  for (const { name, ended, seconds: took } of measured) console.log(`${name}: ${ended}, ${took} s`);
  if (error !== undefined) console.log(`${error}\n${remedy}`);
  console.log(`${passed ? 'passed' : 'FAILED'} after ${seconds} s; written: ${resolve(out)}`);
}
