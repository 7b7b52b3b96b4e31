/**
 * Runs the tests of device/ and of the kernels once on every adapter of this machine, and on the CPU device with
 * kernels that test every index into memory, each in a child process whose environment selects it; fails by name when
 * one fails: `npm run build && node test/adapters.mjs [paths of tests]`.
 *
 * Candidates: what the system offers by itself; on Linux every Vulkan driver (ICD file) that is installed, those of
 * TANDEM_ICD_FILES (a list with `:` of drivers that are not installed), and the software driver from npm.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareVulkan } from './software-vulkan.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = (path) => join(root, 'dist', 'src', path);

/** Child: opens the adapter that its environment selects and prints its report. */
async function probe() {
  const { openGpu } = await import(built('device/webgpu/open.js'));
  prepareVulkan();
  const name = process.env.TANDEM_TEST_ADAPTER;
  const gpu = await openGpu(name === 'gpu' ? {} : { name });
  process.stdout.write(JSON.stringify({ name: gpu.adapter.name, driver: gpu.adapter.driver }));
  await gpu.destroy();
}

function candidates() {
  const list = [{ from: 'the system', environment: { TANDEM_TEST_ADAPTER: 'gpu' } }];
  if (process.platform !== 'linux') return list;
  for (const file of icdFiles())
    list.push({ from: file, environment: { ...environmentOf(file), TANDEM_TEST_ADAPTER: nameOf(file) } });
  list.push({ from: 'npm', environment: { VK_DRIVER_FILES: undefined, TANDEM_TEST_ADAPTER: 'SwiftShader' } });
  return list;
}

/** Drivers that compute on the CPU are opened only by their name. */
const nameOf = (file) => (/lvp|lavapipe/.test(file) ? 'llvmpipe' : 'gpu');

function icdFiles() {
  const folders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'].filter(existsSync);
  const installed = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return [...installed, ...(process.env.TANDEM_ICD_FILES ?? '').split(':')].filter((path) => path.endsWith('.json'));
}

/** Only this driver is seen; the libraries that it needs may lie beside it. */
function environmentOf(file) {
  const library = JSON.parse(readFileSync(file, 'utf8')).ICD?.library_path ?? '';
  const beside = isAbsolute(library) ? [dirname(library)] : [];
  const path = [...beside, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return { VK_DRIVER_FILES: file, ...(path === '' ? {} : { LD_LIBRARY_PATH: path }) };
}

function runAll(paths) {
  const adapters = new Map([['the CPU, every index tested', { ...process.env, TANDEM_TEST_ADAPTER: 'cpu-checked' }]]);
  for (const { from, environment } of candidates()) {
    const env = { ...process.env, ...environment };
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--probe'], { env, encoding: 'utf8' });
    // Some drivers end the process badly after they have answered.
    const report = child.stdout.startsWith('{') ? JSON.parse(child.stdout) : undefined;
    console.log(`${from}: ${report?.name ?? `no adapter (${firstLine(child.stderr)})`}`);
    if (report !== undefined && !adapters.has(report.name)) {
      adapters.set(report.name, env);
    }
  }
  const failed = [...adapters].filter(([name, env]) => !runTests(name, env, paths)).map(([name]) => name);
  for (const name of failed) console.log(`FAILED on ${name}`);
  console.log(`${adapters.size - failed.length} adapters passed, ${failed.length} failed`);
  return failed.length > 0 ? 1 : 0;
}

function runTests(name, env, paths) {
  console.log(`\n== ${name}`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const tests = paths.length > 0 ? paths : ['test/device', 'test/kernels'];
  return spawnSync(process.execPath, [vitest, 'run', ...tests], { cwd: root, env, stdio: 'inherit' }).status === 0;
}

const firstLine = (text) =>
  text
    .split('\n')
    .find((line) => /error/i.test(line))
    ?.trim() ?? 'it ended without a word';

if (process.argv[2] === '--probe') await probe();
else process.exitCode = runAll(process.argv.slice(2));
