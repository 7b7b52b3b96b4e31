#!/usr/bin/env node
/** The `tandem` command. Every command but serve and quickstart is a thin client of the GraphQL API. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../assets.ts';
import { addArchitectureSearchCommands } from './commands/architecture-searches.ts';
import { addCheckpointCommands } from './commands/checkpoints.ts';
import { addSearchCommands } from './commands/collections.ts';
import { addCompareCommand } from './commands/compare.ts';
import { addDataCommands } from './commands/data.ts';
import { addDevicesCommand } from './commands/devices.ts';
import { addEmbedCommands } from './commands/embed.ts';
import { addExportCommands } from './commands/exports.ts';
import { addFusionSearchCommands } from './commands/fusion-searches.ts';
import { addJobCommands } from './commands/jobs.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addModelCommands } from './commands/models.ts';
import { addQuickstartCommand } from './commands/quickstart.ts';
import { addRunCommands } from './commands/runs.ts';
import { addServeCommand } from './commands/serve.ts';
import { addSuiteCommands } from './commands/suites.ts';
import { addTransferCommand } from './commands/transfer.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
import { refuseEmpty } from './not-empty.ts';

const program = new Command('tandem')
  .description('Trains, evaluates, fuses and serves text-embedding models that are good at search and at similarity.')
  .version(packageVersion())
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .option('--url <url>', 'the server (default: TANDEM_URL, else the one that the data folder names)')
  .option('--data <folder>', 'the data folder (default: TANDEM_DATA, else ./.tandem)')
  .option('--json', 'print one JSON object as the last line')
  .hook('preAction', (_program, command) => refuseEmpty(command));

for (const add of [
  addQuickstartCommand,
  addServeCommand,
  addDataCommands,
  addModelCommands,
  addCheckpointCommands,
  addCompareCommand,
  addTransferCommand,
  addFusionSearchCommands,
  addRunCommands,
  addArchitectureSearchCommands,
  addExportCommands,
  addJobCommands,
  addSearchCommands,
  addEmbedCommands,
  addDevicesCommand,
  addSuiteCommands,
  addVerifyCommand,
  addKeyCommands,
]) {
  add(program);
}

// A closed pipe (`| head`) is no failure, and temporary files are still removed.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
  } else {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
