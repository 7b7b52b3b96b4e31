/** `tandem serve`: runs the service in the foreground until a signal stops it. */
import type { Command } from 'commander';
import { configOf, type GlobalOptions } from '../connect.ts';
import { graceMs, untilSignal } from '../signals.ts';
import { startService } from '../start-service.ts';
import { port as portNumber } from '../values.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('serve the GraphQL API on 127.0.0.1, or on TANDEM_HOST')
    .option('--port <number>', 'port (default: TANDEM_PORT, else 4000; 0 = a free one)', portNumber)
    .action(async ({ port }: { port?: number }, command: Command) => {
      const config = configOf(command.optsWithGlobals<GlobalOptions>());
      await untilSignal(async (signal) => {
        const tandem = await startService({ ...config, port: port ?? config.port });
        process.stdout.write(`Tandem serves ${tandem.url} (data in ${config.dataDir}); stop it with Ctrl+C\n`);
        await signal;
        await tandem.close({ graceMs });
      });
    });
}
