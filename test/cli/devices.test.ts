/** `tandem devices` as a process of its own. */
import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { runTandem } from './tandem.ts';

const folder = temporaryFolder();

it('tells what computes where no service runs, and leaves nothing behind', async () => {
  const { code, stdout, stderr } = await runTandem('', ['devices', '--json'], folder());
  expect([code, stderr]).toEqual([0, expect.stringContaining('features: ')]);
  const { devices } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(devices).toEqual([expect.objectContaining({ name: expect.any(String), limits: expect.any(Array) })]);
  // Nobody looked for a GPU where the CPU was asked for.
  const [{ backend, notice }] = devices;
  expect(backend === 'wasm' && !process.env['TANDEM_ADAPTER'] ? notice : '').toEqual(expect.any(String));
  expect(await readdir(folder())).toEqual([]);
});
