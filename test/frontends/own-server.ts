/** A server of dist/ on the CPU, in a process of its own, with an empty data folder that goes with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InstalledServer } from '../package/server.ts';

interface OwnServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** With these variables of the environment besides. */
export async function startServer(environment: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-frontends-'));
  const main = join(import.meta.dirname, '../../dist/src/cli/main.js');
  const settings = { TANDEM_ADAPTER: 'cpu', TANDEM_LOG: 'warn', ...environment };
  const server = await InstalledServer.start(folder, settings, main);
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
