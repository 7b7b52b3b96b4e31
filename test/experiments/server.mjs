/** A server for an experiment, on the loopback interface. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '../../dist/src/client/index.js';

/** On a data folder; `environment` goes over that of this process. */
export async function serve(folder, environment = {}) {
  const entry = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
  const args = [entry, 'serve', '--port', '0', '--data', folder];
  const env = { ...process.env, ...environment };
  const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const end = (signal) => async () => {
    const ended = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined;
    server.kill(signal);
    await ended;
  };
  const stop = end('SIGTERM');
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\/\/\S+/.exec(line) ?? [];
    if (url) return { client: createClient({ url }), stop, kill: end('SIGKILL') };
  }
  await stop();
  throw new Error('the server ended before it served');
}
