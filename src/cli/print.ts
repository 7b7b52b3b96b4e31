/** Prints a command's result: text on stdout, or with --json one JSON object as the last line of stdout. */
import type { Command } from 'commander';
import type { GlobalOptions } from './connect.ts';

/** Prints `text`; with --json `value` on stdout and `text` on stderr. */
export function print(command: Command, value: unknown, text: string): void {
  const json = command.optsWithGlobals<GlobalOptions>().json === true;
  (json ? process.stderr : process.stdout).write(`${text}\n`);
  if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
}
