/** `tandem verify`: whether the files of a data folder are as they were written. */
import type { Command } from 'commander';
import { type TandemClient, VerificationDocument, type VerificationSubscription } from '../../client/index.ts';
import type { GlobalOptions } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../print.ts';
import { startProgress } from '../progress.ts';
import { withDataFolder } from '../session.ts';

type Step = VerificationSubscription['verification'];
type Finding = Step['findings'][number];

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'compare every file of the data folder with what was written, beside a running service or without one; exit code 5 if one is damaged or missing',
    )
    .action(verify);
}

async function verify(_options: unknown, command: Command): Promise<void> {
  const quiet = command.optsWithGlobals<GlobalOptions>().json === true && !process.stderr.isTTY;
  const { objects, findings } = await withDataFolder(command, (client) => readAll(client, quiet));
  const damaged = findings.filter(({ kind }) => kind !== 'UNNAMED');
  if (damaged.length > 0) process.exitCode = exitCodes.damaged;
  const others = findings.length - damaged.length;
  const lines = findings.map(({ kind, message, remedy }) => `${kind}: ${message}\n  ${remedy}`);
  const summary = `${objects} objects compared: ${damaged.length} findings of damage, ${others} files of others`;
  print(command, { objects, findings }, [...lines, summary].join('\n'));
}

/** A verification that lost its connection begins again. */
async function readAll(client: TandemClient, quiet: boolean): Promise<{ objects: number; findings: Finding[] }> {
  let findings: Finding[] = [];
  let last: Step | undefined;
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    for await (const { verification } of client.subscribe(VerificationDocument, {})) {
      last = verification;
      if (last.done === 0) findings = [];
      findings.push(...last.findings);
      progress ??= startProgress('verifying', last.total, quiet);
      progress.update(last.done, '');
    }
  } finally {
    progress?.stop();
  }
  return { objects: last?.done ?? 0, findings };
}
