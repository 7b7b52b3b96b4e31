/** The software driver from npm is unpacked privately and once; what is not an archive or not a driver is refused. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGpu } from '../../../src/device/webgpu/open.ts';
import { prepareVulkan } from '../../../src/device/webgpu/software-vulkan.ts';

let folder: string;
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-vulkan-'));
  environment = { ...process.env };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['VK_ADD_DRIVER_FILES', 'VK_DRIVER_FILES']) {
    delete process.env[name];
    if (environment[name] !== undefined) process.env[name] = environment[name];
  }
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('prepareVulkan on Linux x64', () => {
  it('unpacks the driver into a private folder by its content, once', async () => {
    delete process.env['VK_DRIVER_FILES'];
    const cacheDir = join(folder, 'cache');
    const first = await prepareVulkan({ cacheDir, adapter: 'auto' });
    expect(first.driverFile?.startsWith(cacheDir)).toBe(true);
    expect(first.loader).not.toBe('none');
    expect(process.env['VK_ADD_DRIVER_FILES']?.split(':')).toContain(first.driverFile);
    expect(statSync(join(cacheDir, 'vulkan')).mode & 0o777).toBe(0o700);
    const written = statSync(first.driverFile!).mtimeMs;
    expect(await prepareVulkan({ cacheDir, adapter: 'auto' })).toEqual(first);
    expect(statSync(first.driverFile!).mtimeMs).toBe(written);
    expect(readdirSync(join(cacheDir, 'vulkan'))).toHaveLength(1);
  });

  it('takes the cache back from other users', async () => {
    const cacheDir = join(folder, 'cache');
    await prepareVulkan({ cacheDir, adapter: 'auto' });
    chmodSync(join(cacheDir, 'vulkan'), 0o777);
    await prepareVulkan({ cacheDir, adapter: 'auto' });
    expect(statSync(join(cacheDir, 'vulkan')).mode & 0o777).toBe(0o700);
  });

  it('adds nothing to drivers that the user chose', async () => {
    process.env['VK_DRIVER_FILES'] = join(folder, 'mine.json');
    const { driverFile, note } = await prepareVulkan({ cacheDir: folder, adapter: 'auto' });
    expect(driverFile).toBeUndefined();
    expect(note).toContain('mine.json');
  });

  it('refuses a cache that is no folder of the user', async () => {
    writeFileSync(join(folder, 'vulkan'), '');
    await expect(prepareVulkan({ cacheDir: folder, adapter: 'auto' })).rejects.toThrow(
      /EEXIST|not a folder of this user/,
    );
  });
});

describe('openGpu', () => {
  it('names the remedy when there is no such adapter', async () => {
    await expect(openGpu({ adapter: 'auto', name: 'No Such Adapter' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'no adapter is named like "No Such Adapter"',
      details: { remedy: expect.stringContaining('lavapipe 25 or newer') },
    });
  });
});
