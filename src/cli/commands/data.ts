/** `tandem import` and `tandem datasets`. */
import type { Command } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import {
  BeginImportDatasetDocument,
  DatasetsDocument,
  ImportDatasetDocument,
  type Importer,
  type ImportOptions,
} from '../../client/index.ts';
import { defaultImporter, importerCatalog } from '../../data/importers/catalog.ts';
import { addCatalogOptions, givenParameters, rowOption } from '../catalog-options.ts';
import { connect } from '../connect.ts';
import { withJobProgress } from '../job-progress.ts';
import { beginJobs, noWaitOption, printJobs, type Waiting } from '../no-wait.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, realNumber } from '../values.ts';

interface ImportCommandOptions extends Waiting {
  readonly name: string;
  readonly importer: string;
  readonly scale?: readonly [low: number, high: number];
  readonly domain?: string;
  readonly language?: string;
  readonly derivedFrom?: readonly string[];
}

function scale(text: string): [number, number] {
  const [low, high] = text.split(',');
  return [realNumber(low), realNumber(high ?? '')];
}

export function addDataCommands(program: Command): void {
  const importing = program
    .command('import')
    .description('import a data set from a path inside the import folder')
    .argument('<path>', 'file or folder, relative to the import folder')
    .requiredOption('--name <name>', 'name of the data set')
    .addOption(rowOption('--importer <name>', 'how the path is read', importerCatalog).default(defaultImporter))
    .option('--scale <low,high>', 'raw scale of the grades, for example 0,5; absent: they are from 0 to 1', scale)
    .option('--domain <domain>', 'what the texts are about')
    .option('--language <tag>', 'language of the texts, for example en or zh-Hans')
    .option('--derived-from <name>', 'name of a data set that the content comes from (repeatable)', collect)
    .addOption(noWaitOption())
    .action(importData);
  addCatalogOptions(importing, importerCatalog);
  program.command('datasets').description('list the imported data sets').action(listData);
}

async function importData(path: string, options: ImportCommandOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const input = {
    name: options.name,
    source: { path },
    importer: enumValueOf(options.importer) as Importer,
    scaleLow: options.scale?.[0],
    scaleHigh: options.scale?.[1],
    domain: options.domain,
    language: options.language,
    derivedFrom: options.derivedFrom,
    options: givenParameters<ImportOptions>(command, importerCatalog),
  };
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginImportDatasetDocument, { input }));
  const importing = client.execute(ImportDatasetDocument, { input });
  const { importDataset } = await withJobProgress(client, 'IMPORT_DATASET', importing);
  const { dataset, reused } = importDataset;
  const sizes = dataset.splits.map(({ split, records }) => `${split.toLowerCase()} ${records}`).join(', ');
  const warnings = dataset.warnings.map(({ message, count }) => `\nwarning: ${message} (${count} times)`).join('');
  print(
    command,
    importDataset,
    `${dataset.name} version ${dataset.version}${reused ? ' (was there already)' : ''}: ${sizes}\n${dataset.id}${warnings}`,
  );
}

async function listData(_options: unknown, command: Command): Promise<void> {
  const client = await connect(command);
  const { datasets } = await client.execute(DatasetsDocument, {});
  const rows = datasets.nodes.map((node) => [
    node.name,
    node.version,
    node.task,
    ...node.splits.map(({ records }) => records),
    node.domain ?? '-',
    node.language ?? '-',
    node.id,
  ]);
  print(
    command,
    datasets,
    formatTable(['name', 'version', 'task', 'train', 'dev', 'test', 'domain', 'language', 'id'], rows),
  );
}
