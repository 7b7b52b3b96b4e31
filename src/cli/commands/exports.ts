/** Figures as files: `tandem export-runs`. */
import { type Command, Option } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import { ExportRunsDocument, type RunTable, type TableFormat } from '../../client/index.ts';
import { connect } from '../connect.ts';
import { runId } from '../lookup.ts';
import { writeNewFile } from '../new-file.ts';
import { print } from '../print.ts';

export function addExportCommands(program: Command): void {
  program
    .command('export-runs')
    .description('write settings or metrics of runs to a new file, as CSV or JSON')
    .argument('<runs...>', 'ids or names of the runs')
    .addOption(
      new Option('--table <table>', 'settings: a row per run; metrics: a row per run, update and metric')
        .choices(['settings', 'metrics'])
        .default('metrics'),
    )
    .addOption(new Option('--format <format>', 'how to write it').choices(['csv', 'json']).default('csv'))
    .requiredOption('--file <file>', 'the file to make')
    .action(exportRuns);
}

interface ExportRunsOptions {
  readonly table: string;
  readonly format: string;
  readonly file: string;
}

async function exportRuns(names: readonly string[], options: ExportRunsOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const runs = await Promise.all(names.map((name) => runId(client, name)));
  const table = enumValueOf(options.table) as RunTable;
  const format = enumValueOf(options.format) as TableFormat;
  let rows = 0;
  const path = await writeNewFile(options.file, '--file', async (file) => {
    let after: string | null = null;
    do {
      const { exportRuns: piece }: { exportRuns: { text: string; rows: number; next: string | null } } =
        await client.execute(ExportRunsDocument, { input: { runs, table, format }, after });
      await file.writeFile(piece.text);
      rows += piece.rows;
      after = piece.next;
    } while (after !== null);
  });
  print(command, { path, rows }, `${path} (${rows} rows)`);
}
