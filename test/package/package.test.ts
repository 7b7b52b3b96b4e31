/**
 * What a user of the published package gets: npm pack, an install in an empty folder, the binary's quickstart there,
 * and servers that load no native library but the tokenizers', also where Dawn is missing or broken.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { softwareDriver } from '../software-vulkan.mjs';
import { InstalledServer } from './server.ts';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const folder = mkdtempSync(join(tmpdir(), 'tandem-package-'));
const project = mkdtempSync(join(folder, 'project-'));
const webgpu = join(project, 'node_modules/webgpu');
const dawn = join(webgpu, `dist/${process.platform}-${process.arch}/dawn.node`);

/** Runs a command; its stdout. Its stderr is shown. */
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });

beforeAll(() => {
  run('npm', ['pack', '--pack-destination', folder], root);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(project, 'package.json'), '{ "name": "a-user", "private": true, "type": "module" }');
  run('npm', ['install', join(folder, tarball!)], project);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('installs from its tarball and runs the quickstart', () => {
  const output = run('npx', ['tandem', 'quickstart', '--exit', '--json'], project);
  const report = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  expect(report.scores.checkpoints.length).toBeGreaterThan(0);
  expect(report.searches).toHaveLength(3);

  const client =
    "import { createClient } from 'tandem/client'; console.log(typeof createClient({ url: 'http://127.0.0.1:1' }).execute)";
  expect(run('node', ['--input-type=module', '-e', client], project).trim()).toBe('function');
});

describe('a server of the installed package', () => {
  let server: InstalledServer | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  /** With a Vulkan loader, without which Dawn is not even tried, and without drivers, as on a machine without a GPU. */
  function withLoader(): Record<string, string> {
    const libraries = mkdtempSync(join(folder, 'libraries-'));
    const driver = softwareDriver();
    if (driver === undefined) throw new Error('this test needs the Vulkan loader of @sparticuz/chromium');
    copyFileSync(join(driver, 'libvulkan.so.1'), join(libraries, 'libvulkan.so.1'));
    return { LD_LIBRARY_PATH: libraries, VK_DRIVER_FILES: join(libraries, 'none.json'), TANDEM_ADAPTER: '' };
  }

  /** Trains on a server; its losses and scores, its addons and what it says of GPUs. */
  async function use(environment: Record<string, string>) {
    server = await InstalledServer.start(project, environment);
    const trained = server.train(join(root, 'docs/examples'));
    expect(trained).toContain('The run ended: SUCCEEDED');
    const { devices } = server.command('devices') as { devices: { backend: string; notice: string | null }[] };
    const graphql = await ask(server.url);
    const addons = server.addons();
    await server.stop();
    expect(graphql.devices).toEqual(devices.map(({ backend, notice }) => ({ backend, notice })));
    const [device] = devices;
    return { trained, addons, backend: device?.backend, notice: device?.notice, system: graphql.system.softwareNotice };
  }

  const tokenizers = expect.stringMatching(/^tokenizers\./);
  const onCpu = () => use({ TANDEM_ADAPTER: 'cpu' });

  it('has loaded no native module but the tokenizers after it trained on the CPU', async () => {
    const found = await onCpu();
    expect(found).toMatchObject({ addons: [tokenizers], backend: 'wasm', notice: null });
  });

  it('loads Dawn where no adapter is named, and computes on the CPU where it finds no GPU', async () => {
    const found = await use(withLoader());
    expect(found).toMatchObject({ addons: ['dawn.node', tokenizers], backend: 'wasm', notice: 'no GPU was found' });
    expect(found.system).toContain('no GPU was found');
  });

  it('computes the same where the package webgpu is not installed, and says why no GPU does', async () => {
    const { trained } = await onCpu();
    const aside = join(folder, 'webgpu');
    renameSync(webgpu, aside);
    const found = await use(withLoader()).finally(() => renameSync(aside, webgpu));
    expect(found).toMatchObject({ trained, addons: [tokenizers], backend: 'wasm' });
    expect(found.notice).toMatch(/^Dawn, which drives GPUs, cannot be loaded: Cannot find package 'webgpu'/);
    expect(found.system).toContain(found.notice);
  });

  it.each([
    ['half of it', 0.5, /^Dawn, which drives GPUs, ends a process that loads it \(SIGBUS\)$/],
    ['nothing of it', 0, /^Dawn, which drives GPUs, cannot be loaded: .*dawn\.node: file too short$/],
  ])('computes the same where Dawn is cut short to %s, and says why no GPU does', async (_name, share, notice) => {
    const { trained } = await onCpu();
    const whole = join(folder, 'dawn.node');
    renameSync(dawn, whole);
    copyFileSync(whole, dawn);
    truncateSync(dawn, Math.floor(share * statSync(whole).size));
    const found = await use(withLoader()).finally(() => renameSync(whole, dawn));
    expect(found).toMatchObject({ trained, addons: [tokenizers], backend: 'wasm' });
    expect(found.notice).toMatch(notice);
    expect(found.system).toContain(found.notice);
  });
});

interface Told {
  readonly system: { readonly softwareNotice: string | null };
  readonly devices: readonly { readonly backend: string; readonly notice: string | null }[];
}

async function ask(url: string): Promise<Told> {
  const headers = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };
  const body = JSON.stringify({ query: '{ system { softwareNotice } devices { backend notice } }' });
  const response = await fetch(new URL('/graphql', url), { method: 'POST', headers, body });
  return ((await response.json()) as { data: Told }).data;
}
