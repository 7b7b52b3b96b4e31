/** A server process of dist/ on a data folder of its own, with a client; it can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient, type TandemClient } from '../../src/client/index.ts';

const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

export interface Server {
  readonly client: TandemClient;
  readonly pid: number;
  /** Sends the signal and resolves with how the process ended and after how long. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<{ code: number | null; seconds: number }>;
}

export interface ServerOptions {
  /** Absent = the embedded database, whatever this process's environment names. */
  readonly databaseUrl?: string | undefined;
  /** Least level that is logged; default warn. */
  readonly log?: 'warn' | 'error' | 'silent';
  /** Arguments of Node itself, before the program. */
  readonly node?: readonly string[];
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file descriptor to which it logs; default that of this process. */
  readonly logTo?: number;
  /** Another program that runs the server, with its arguments; the server's command is appended. */
  readonly through?: readonly string[];
}

/** A process that was started and has not said yet that it serves. */
export interface Launched extends Pick<Server, 'end'> {
  /** Rejects with what it said if it ends instead. */
  readonly ready: Promise<Server>;
}

/** Starts `tandem serve` on a free port. */
export function launchServer(dataDir: string, options: ServerOptions = {}): Launched {
  const { databaseUrl = '', log = 'warn', node = [], env = {}, logTo = 'inherit', through = [] } = options;
  const [program = '', ...rest] = [...through, process.execPath, ...node, entry, 'serve', '--port', '0'];
  const child = spawn(program, rest, {
    env: { ...process.env, ...env, TANDEM_DATA: dataDir, TANDEM_LOG: log, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', logTo],
  });
  // Not `exit`: behind another program the server lives until its end of the pipe is closed.
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const end: Server['end'] = async (signal) => {
    const start = performance.now();
    child.kill(signal);
    return { code: await exited, seconds: (performance.now() - start) / 1000 };
  };
  const key = env['TANDEM_ADMIN_KEY'];
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const ready = addressOf(child, exited).then((url) => ({
    ...{ client: createClient({ url, headers }), pid: child.pid ?? 0, end },
  }));
  return { ready, end };
}

/** The same; resolves once it serves. */
export const startServer = (dataDir: string, options?: ServerOptions): Promise<Server> =>
  launchServer(dataDir, options).ready;

async function addressOf(child: ChildProcess, exited: Promise<number | null>): Promise<string> {
  const said = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const address = /https?:\/\/[^\s]+/.exec(line)?.[0];
      if (address) resolve(address);
    });
  });
  const ended = exited.then((code): never => {
    throw new Error(`the server ended (exit code ${code}) before it said its address`);
  });
  return Promise.race([said, ended]);
}
