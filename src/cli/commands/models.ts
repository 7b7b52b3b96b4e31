/** Models: `tandem create-model`, `import-model`, `derive-model` and `models`. */
import type { Command } from 'commander';
import { newModelSettings } from '../../authoring/types.ts';
import { enumValueOf } from '../../catalog.ts';
import {
  type ArchitectureInput,
  BeginCreateModelDocument,
  BeginDeriveModelDocument,
  BeginImportModelDocument,
  CreateModelDocument,
  type CreateModelInput,
  DeriveModelDocument,
  type EncoderFamily,
  ImportModelDocument,
  ModelsDocument,
  type Pooling,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { defaultFamily, encoderCatalog } from '../../model/families/catalog.ts';
import { addCatalogOptions, givenParameters, rowOption } from '../catalog-options.ts';
import { connect } from '../connect.ts';
import { headsOf, headsOption } from '../heads-option.ts';
import { withJobProgress } from '../job-progress.ts';
import { datasetId, modelId } from '../lookup.ts';
import { beginJobs, noWaitOption, printJobs, type Waiting } from '../no-wait.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect } from '../values.ts';

export function addModelCommands(program: Command): void {
  const creating = program
    .command('create-model')
    .description('make a model from scratch, with a vocabulary trained on imported text')
    .requiredOption('--name <name>', 'name of the model')
    .requiredOption('--vocabulary-from <dataset>', 'data set to train the vocabulary on (repeatable)', collect)
    .addOption(rowOption('--family <name>', 'family of the architecture', encoderCatalog).default(defaultFamily))
    .addOption(headsOption('none'))
    .addOption(noWaitOption())
    .action(createModel);
  addCatalogOptions(creating, [newModelSettings]);
  addCatalogOptions(creating, encoderCatalog, {
    innerWidth: '4 * width where only --width is given',
    maxPositions: '--max-length where only that is given',
  });
  program
    .command('import-model')
    .description('import a model that another program made, from the import folder or from a Hugging Face hub')
    .argument('[folder]', 'a sentence-transformers or transformers folder, relative to the import folder')
    .option('--hub <owner/name>', 'a model on the hub, instead of a folder (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE)')
    .option('--revision <name>', 'branch, tag or commit of the model on the hub', 'main')
    .requiredOption('--name <name>', 'name of the model')
    .addOption(headsOption('those of the folder, else none'))
    .addOption(noWaitOption())
    .action(importModel);
  program
    .command('derive-model')
    .description('make a model of the untrained weights of another one, with other heads or another pooling')
    .argument('<model>', 'id or name of the model whose weights are taken')
    .requiredOption('--name <name>', 'name of the new model')
    .addOption(headsOption('those of the model'))
    .option('--pooling <mode>', 'pooling mode (repeatable; default: those of the model)', collect)
    .addOption(noWaitOption())
    .action(deriveModel);
  program.command('models').description('list the models').action(listModels);
}

interface CreateModelOptions extends Waiting {
  readonly name: string;
  readonly vocabularyFrom: readonly string[];
  readonly family: string;
  readonly taskHeads?: string;
}

type NewModelSettings = Pick<CreateModelInput, 'vocabularySize' | 'maxLength' | 'pooling' | 'seed'>;

async function createModel(options: CreateModelOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const vocabularyFrom = await Promise.all(options.vocabularyFrom.map((name) => datasetId(client, name)));
  const settings = givenParameters<NewModelSettings>(command, [newModelSettings]);
  const sizes = givenParameters<ArchitectureInput>(command, encoderCatalog);
  const input = {
    name: options.name,
    vocabularyFrom,
    ...settings,
    family: enumValueOf(options.family) as EncoderFamily,
    heads: headsOf(options.taskHeads),
    architecture: {
      ...(typeof sizes.width === 'number' ? { innerWidth: 4 * sizes.width } : {}),
      ...(settings.maxLength === undefined ? {} : { maxPositions: settings.maxLength }),
      ...sizes,
    },
  };
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginCreateModelDocument, { input }));
  const creating = client.execute(CreateModelDocument, { input });
  const { model } = (await withJobProgress(client, 'CREATE_MODEL', creating)).createModel;
  print(command, model, `${model.name}: ${model.parameters} parameters, ${model.vocabularySize} tokens\n${model.id}`);
}

interface ImportModelOptions extends Waiting {
  readonly name: string;
  readonly hub?: string;
  readonly revision: string;
  readonly taskHeads?: string;
}

async function importModel(folder: string | undefined, options: ImportModelOptions, command: Command): Promise<void> {
  const { name, hub, revision } = options;
  if ((folder === undefined) === (hub === undefined)) {
    throw badInput('one source is needed', { field: '--hub', expected: 'a folder, or --hub with a model' });
  }
  const source = hub === undefined ? { folder: folder ?? '' } : { hub: { repository: hub, revision } };
  const client = await connect(command);
  const input = { name, source, heads: headsOf(options.taskHeads) };
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginImportModelDocument, { input }));
  const importing = client.execute(ImportModelDocument, { input });
  const { model, warnings } = (await withJobProgress(client, 'IMPORT_MODEL', importing)).importModel;
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  print(command, model, `${model.name}: ${model.parameters} parameters, vectors of ${model.dimension}\n${model.id}`);
}

interface DeriveModelOptions extends Waiting {
  readonly name: string;
  readonly taskHeads?: string;
  readonly pooling?: readonly string[];
}

async function deriveModel(from: string, options: DeriveModelOptions, command: Command): Promise<void> {
  const { name, taskHeads, pooling } = options;
  const client = await connect(command);
  const input = {
    ...{ name, heads: headsOf(taskHeads), model: await modelId(client, from) },
    pooling: pooling?.map((mode) => enumValueOf(mode) as Pooling),
  };
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginDeriveModelDocument, { input }));
  const deriving = client.execute(DeriveModelDocument, { input });
  const { model } = (await withJobProgress(client, 'DERIVE_MODEL', deriving)).deriveModel;
  print(command, model, `${model.name}: ${model.parameters} parameters, vectors of ${model.dimension}\n${model.id}`);
}

async function listModels(_options: unknown, command: Command): Promise<void> {
  const { models } = await (await connect(command)).execute(ModelsDocument, {});
  const rows = models.nodes.map((node) => [node.name, node.layers, node.dimension, node.parameters, node.id]);
  print(command, models, formatTable(['name', 'layers', 'dimension', 'parameters', 'id'], rows));
}
