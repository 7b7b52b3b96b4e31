/** How a full disk is known, in whichever thread it was met, and what is said of it. */
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startError } from '../src/db/embedded.ts';
import { troubleOf } from '../src/db/errors.ts';
import { foreseenFailure } from '../src/db/refusals.ts';
import { hasTooLittleRoom } from '../src/disk-full.ts';
import { fromPlainError, toPlainError } from '../src/errors.ts';

/** As it arrives from another thread. */
const sent = (error: unknown): Error => fromPlainError(structuredClone(toPlainError(error)));
const withCode = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });

it('is known behind a message between threads', () => {
  const full = withCode('ENOSPC', { syscall: 'write', path: '/data/x' });
  expect(foreseenFailure(sent(full))).toMatchObject({
    code: 'UNAVAILABLE',
    details: { reason: 'storage-full', field: '/data/x' },
  });
  expect(sent(full)).toMatchObject({ code: 'ENOSPC', syscall: 'write', path: '/data/x' });
  expect(toPlainError(sent(full))).toMatchObject({ system: { code: 'ENOSPC' } });
});

it.runIf(process.platform === 'linux')('is known of the system itself', async () => {
  const error = await writeFile('/dev/full', 'x').catch((thrown: unknown) => thrown);
  expect(foreseenFailure(sent(error))).toMatchObject({ details: { reason: 'storage-full' } });
});

it("a lost connection of another thread is not the database's", () => {
  const lost = withCode('ECONNREFUSED', { syscall: 'connect' });
  expect([troubleOf(lost), troubleOf(sent(lost))]).toEqual(['lost', null]);
});

it('a database that does not start on a full disk is not to be restored from a backup', async () => {
  const aborted = 'Aborted(). Build with -sASSERTIONS for more info.';
  const folder = '/data/database';
  for (const error of [
    startError(folder, aborted, { full: true }),
    startError(folder, 'ENOSPC', { full: false, error: sent(withCode('ENOSPC')) }),
  ]) {
    expect(error.details.reason).toBe('storage-full');
    expect(error.details.remedy).toMatch(/^Free some space and start Tandem again/);
  }
  expect(startError(folder, aborted, { full: false }).details.remedy).toContain('backup');
});

it.each([
  ['almost nothing', { blocks: 1e6, bavail: 1_000, bsize: 4_096 }, true],
  ['room', { blocks: 1e6, bavail: 100_000, bsize: 4_096 }, false],
  ['does not say', { blocks: 0, bavail: 0, bsize: 4_096 }, false],
])('a file system that has %s', async (_, found, isFull) => {
  expect(await hasTooLittleRoom('/data', async () => found)).toBe(isFull);
});

it('a file system that cannot be asked is not taken for full', async () => {
  expect(await hasTooLittleRoom('/no/such/folder')).toBe(false);
});
