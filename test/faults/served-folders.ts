/** Data folders of one suite, each with the server that the suite starts on it, kills and starts again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Server, startServer } from './server.ts';

/** Starts a server on the folder of that name. The last one is killed after each test, all folders go after all. */
export function servedFolders(): (name: string) => Promise<Server> {
  let folder = '';
  let server: Server | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
  });
  afterEach(async () => {
    await server?.end('SIGKILL');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return async (name) => {
    server = await startServer(join(folder, name));
    return server;
  };
}
