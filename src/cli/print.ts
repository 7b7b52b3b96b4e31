/** Where a command's answer goes: text for a person on stdout, or with --json one JSON object as the last line. */
import type { Command } from 'commander';
import type { GlobalOptions } from './connect.ts';

/** Prints `text`, or `value` with --json (then a person's text goes to stderr). */
export function print(command: Command, value: unknown, text: string): void {
  const json = command.optsWithGlobals<GlobalOptions>().json === true;
  (json ? process.stderr : process.stdout).write(`${text}\n`);
  if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
}
