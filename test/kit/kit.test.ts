/**
 * The kit on a machine that has neither Node nor this tree: packed, moved to an empty folder, and run there on a
 * software driver with no environment but eight tools. Needs the built tree.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareVulkan } from '../software-vulkan.mjs';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const folder = mkdtempSync(join(tmpdir(), 'tandem-kit-test-'));
const kit = join(folder, 'kit.sh');
const tools = join(folder, 'tools');

/** Paths of the unpacked kit, from its folder. */
let unpacked: string;

beforeAll(() => {
  prepareVulkan();
  execFileSync('npm', ['run', 'kit', '--', kit], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  mkdirSync(tools);
  for (const tool of ['cat', 'dirname', 'gzip', 'mkdir', 'mv', 'rm', 'tail', 'tar']) {
    const path = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
    symlinkSync(path, join(tools, tool));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the kit; its exit code and its JSON. */
function run(args: readonly string[]) {
  const driver = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ADD_DRIVER_FILES'];
  const env = { PATH: tools, VK_DRIVER_FILES: driver };
  const out = ['--out', 'results.json'];
  const { status, stdout } = spawnSync('/bin/sh', ['./kit.sh', ...out, ...args], {
    ...{ cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const [name = ''] = readdirSync(folder).filter((each) => each.startsWith('tandem-gpu-kit-'));
  unpacked = join(folder, name);
  return { status, stdout, results: JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) };
}

describe('the kit', () => {
  it('is one file of less than 60 MB', () => {
    expect(statSync(kit).size).toBeLessThan(60e6);
  });

  it('tests kernels on a driver without the tree, and tells it in JSON', () => {
    const { status, stdout, results } = run(['--adapter', 'SwiftShader', 'test/kernels/gated.test.ts']);
    expect(status).toBe(0);
    expect(stdout).toContain('maxBufferSize');
    expect(results).toMatchObject({
      passed: true,
      kit: { node: process.version },
      machine: { cores: expect.any(Number), glibc: expect.any(String) },
      gpu: { name: expect.stringMatching(/swiftshader/i), backend: 'vulkan', driver: expect.any(String) },
      suites: [{ ended: 'passed', passed: 18, failed: 0, skipped: 0, failures: [], underWay: [] }],
    });
  });

  it('holds what runs there, and nothing of other systems', () => {
    run(['--adapter', 'SwiftShader', 'test/kernels/gated.test.ts']);
    const files = [
      'lib/libvulkan.so.1',
      'lib/libvulkan1.copyright',
      'test/nn/families.test.ts',
      'dist/workers/device.js',
    ];
    const dawn = ['linux', 'darwin', 'win32'].flatMap((system) => ['x64', 'arm64'].map((arch) => `${system}-${arch}`));
    const expected = [...files, `node_modules/webgpu/dist/${process.platform}-${process.arch}/dawn.node`];
    expect(expected.filter((path) => !existsSync(join(unpacked, path)))).toEqual([]);
    expect(readdirSync(join(unpacked, 'node_modules/webgpu/dist')).filter((name) => dawn.includes(name))).toHaveLength(
      1,
    );
    expect(readdirSync(join(unpacked, 'node_modules'))).not.toContain('@sparticuz');
  });

  it('fails where it found no test to run', () => {
    const { status, results } = run(['--adapter', 'SwiftShader', 'test/no-such-file.test.ts']);
    expect(status).toBe(1);
    expect(results).toMatchObject({ passed: false, suites: [{ ended: 'failed', passed: 0 }] });
  });

  it('kills what takes longer than it may, and says what was done by then', () => {
    const { status, results } = run(['--adapter', 'SwiftShader', '--minutes', '0.1', 'test/kernels', 'test/nn']);
    expect(status).toBe(1);
    expect(results).toMatchObject({ passed: false, suites: [{ ended: 'killed', failures: [] }] });
    expect(results.seconds).toBeLessThan(12);
  });

  it('refuses a copy that is not whole, and leaves nothing', () => {
    const place = mkdtempSync(join(folder, 'damaged-'));
    writeFileSync(join(place, 'kit.sh'), readFileSync(kit).subarray(0, 45_000_000));
    const { status, stderr } = spawnSync('/bin/sh', ['kit.sh'], { cwd: place, env: { PATH: tools }, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('copy it again');
    expect(readdirSync(place)).toEqual(['kit.sh']);
  });

  it('says what to do where the adapter is not there', () => {
    const { status, results } = run(['--adapter', 'no such adapter']);
    expect(status).toBe(1);
    expect(results).toMatchObject({ passed: false, gpu: null, remedy: expect.stringContaining('VK_DRIVER_FILES') });
  });
});
