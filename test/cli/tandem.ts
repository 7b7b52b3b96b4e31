/** Commands as processes of their own, against a real service. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of a server to its end. */
export const runTandem = (url: string, args: readonly string[], cwd?: string): Promise<Ended> =>
  runCommand(args, { TANDEM_URL: url }, cwd);

export async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  cwd?: string,
): Promise<Ended> {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [entry, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
