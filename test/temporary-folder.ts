/** A private folder per test file, gone after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** Gives the folder's path once tests run. */
export function temporaryFolder(): () => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}
