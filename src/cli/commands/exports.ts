/** Figures as files: `tandem export-runs` and `export-evaluations`. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import {
  ExportRunsDocument,
  MtebResultsDocument,
  type MtebResultsQuery,
  type MtebResultsQueryVariables,
  type RunTable,
  SuiteMtebResultsDocument,
  type TableFormat,
  type TandemClient,
} from '../../client/index.ts';
import { notFound } from '../../errors.ts';
import { connect } from '../connect.ts';
import { checkpointId, datasetId, runId, suiteId } from '../lookup.ts';
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
  program
    .command('export-evaluations')
    .description("write a checkpoint's evaluations as result files of mteb, one per data set, the newest of each split")
    .requiredOption('--checkpoint <checkpoint>', 'id, alias or name')
    .addOption(new Option('--dataset <dataset>', 'only evaluations on this data set (id or name)').conflicts('suite'))
    .option('--suite <suite>', 'only the evaluations of this suite (id or name)')
    .requiredOption('--folder <folder>', 'where to make <data set>.json; made if it is not there')
    .action(exportEvaluations);
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

interface ExportEvaluationsOptions {
  readonly checkpoint: string;
  readonly dataset?: string;
  readonly suite?: string;
  readonly folder: string;
}

async function exportEvaluations(options: ExportEvaluationsOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const results = resultsByName((await chosenEvaluations(client, options)).filter(isWhole));
  if (results.size === 0) {
    throw notFound('The checkpoint has no evaluations there', {
      field: '--checkpoint',
      expected: 'a checkpoint that was evaluated',
      remedy: 'evaluate it first: tandem evaluate --checkpoint ID --dataset NAME',
    });
  }
  await mkdir(options.folder, { recursive: true });
  const files = await writeResults(results, options.folder);
  print(command, { files }, files.join('\n'));
}

/** Newest first; those of a suite in its order, one for each split. */
async function chosenEvaluations(client: TandemClient, options: ExportEvaluationsOptions): Promise<Evaluated[]> {
  const checkpoint = await checkpointId(client, options.checkpoint);
  if (options.suite === undefined) {
    const dataset = options.dataset === undefined ? undefined : await datasetId(client, options.dataset);
    return evaluationsOf(client, { checkpoint, dataset });
  }
  const variables = { suite: await suiteId(client, options.suite), checkpoint: { id: checkpoint } };
  const { suite } = await client.execute(SuiteMtebResultsDocument, variables);
  return suite?.result.cells.flatMap(({ evaluation }) => evaluation ?? []) ?? [];
}

/** Of all pages, newest first. */
async function evaluationsOf(client: TandemClient, filter: MtebResultsQueryVariables['filter']): Promise<Evaluated[]> {
  const found: Evaluated[] = [];
  for (let after: string | null = null; ; ) {
    const { evaluations }: MtebResultsQuery = await client.execute(MtebResultsDocument, { filter, after });
    found.push(...evaluations.nodes);
    if (!evaluations.pageInfo.hasNextPage) return found;
    after = evaluations.pageInfo.endCursor;
  }
}

/** All files or none; their absolute paths. */
async function writeResults(results: ReadonlyMap<string, Result>, folder: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for (const [name, result] of results) {
      const text = `${JSON.stringify(result, null, 2)}\n`;
      files.push(await writeNewFile(join(folder, fileNameOf(name)), '--folder', (handle) => handle.writeFile(text)));
    }
  } catch (error) {
    for (const file of files) await rm(file, { force: true });
    throw error;
  }
  return files;
}

/** Of whole vectors among all documents, as mteb's own figures are. */
const isWhole = ({ dimension, pooled }: Evaluated): boolean => dimension === null && !pooled;

type Evaluated = MtebResultsQuery['evaluations']['nodes'][number];

/** A result of mteb, as far as results of several splits are joined in one. */
interface Result {
  readonly scores: Readonly<Record<string, unknown>>;
  readonly evaluation_time: number;
}

/** One result per name of a data set, of its version that was evaluated last; `nodes` come newest first. */
function resultsByName(nodes: readonly Evaluated[]): Map<string, Result> {
  const found = new Map<string, { readonly dataset: string; readonly result: Result }>();
  for (const { dataset, mtebResult } of nodes) {
    const result = mtebResult as Result;
    const newer = found.get(dataset.name);
    if (newer !== undefined && newer.dataset !== dataset.id) continue;
    const isNew = newer === undefined || Object.keys(result.scores).some((split) => !(split in newer.result.scores));
    if (!isNew) continue;
    const scores = { ...result.scores, ...newer?.result.scores };
    const evaluation_time = result.evaluation_time + (newer?.result.evaluation_time ?? 0);
    found.set(dataset.name, { dataset: dataset.id, result: { ...result, scores, evaluation_time } });
  }
  return new Map([...found].map(([name, { result }]) => [name, result]));
}

/** Names of data sets may hold what names of files may not: its bytes in hex, as in a URL, so that no two are one. */
const fileNameOf = (name: string): string => `${name.replace(/[^\p{L}\p{N}._-]|^\./gu, escaped)}.json`;

const escaped = (character: string): string => Buffer.from(character).toString('hex').replace(/../g, '%$&');
