/** Models: `tandem create-model`, `import-model` and `models`. */
import type { Command } from 'commander';
import {
  CreateModelDocument,
  type EncoderFamily,
  ImportModelDocument,
  ModelsDocument,
  type Pooling,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { encoderCatalog } from '../../model/families/catalog.ts';
import { poolingModes } from '../../model/types.ts';
import { addCatalogOptions, givenParameters, namesOf } from '../catalog-options.ts';
import { connect } from '../connect.ts';
import { withJobProgress } from '../job-progress.ts';
import { datasetId } from '../lookup.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, enumName, wholeNumber } from '../values.ts';

export function addModelCommands(program: Command): void {
  const creating = program
    .command('create-model')
    .description(
      'make a model from scratch, with a vocabulary trained on imported text; where --width is given, --inner-width is four times it by default',
    )
    .requiredOption('--name <name>', 'name of the model')
    .requiredOption('--vocabulary-from <dataset>', 'data set to train the vocabulary on (repeatable)', collect)
    .option('--vocabulary-size <n>', 'largest number of tokens', wholeNumber, 4096)
    .option('--family <name>', namesOf(encoderCatalog), 'bert')
    .option('--max-length <n>', 'longest text in tokens', wholeNumber, 512)
    .option('--pooling <mode>', poolingModes.join(', '), 'mean')
    .option('--seed <n>', 'seed of the weights', wholeNumber, 1)
    .action(createModel);
  addCatalogOptions(creating, encoderCatalog);
  program
    .command('import-model')
    .description('import a model that another program made, from the import folder or from a Hugging Face hub')
    .argument('[folder]', 'a sentence-transformers or transformers folder, relative to the import folder')
    .option('--hub <owner/name>', 'a model on the hub, instead of a folder (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE)')
    .option('--revision <name>', 'branch, tag or commit of the model on the hub', 'main')
    .requiredOption('--name <name>', 'name of the model')
    .action(importModel);
  program.command('models').description('list the models').action(listModels);
}

interface CreateModelOptions {
  readonly name: string;
  readonly vocabularyFrom: readonly string[];
  readonly vocabularySize: number;
  readonly family: string;
  readonly width?: number;
  readonly maxLength: number;
  readonly pooling: string;
  readonly seed: number;
  /** Parameters of the families. */
  readonly [parameter: string]: unknown;
}

/** Unless given: a feed-forward layer four times as wide as the model, and positions up to the longest text. */
const architectureOf = ({ width, maxLength, ...options }: CreateModelOptions) => ({
  maxPositions: maxLength,
  ...(width !== undefined && { innerWidth: 4 * width }),
  ...givenParameters(encoderCatalog, { width, ...options }),
});

async function createModel(options: CreateModelOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const vocabularyFrom = await Promise.all(options.vocabularyFrom.map((name) => datasetId(client, name)));
  const creating = client.execute(CreateModelDocument, {
    input: {
      name: options.name,
      vocabularyFrom,
      vocabularySize: options.vocabularySize,
      family: enumName(options.family) as EncoderFamily,
      architecture: architectureOf(options),
      maxLength: options.maxLength,
      pooling: enumName(options.pooling) as Pooling,
      seed: options.seed,
    },
  });
  const { model } = (await withJobProgress(client, 'CREATE_MODEL', creating)).createModel;
  print(command, model, `${model.name}: ${model.parameters} parameters, ${model.vocabularySize} tokens\n${model.id}`);
}

interface ImportModelOptions {
  readonly name: string;
  readonly hub?: string;
  readonly revision: string;
}

async function importModel(folder: string | undefined, options: ImportModelOptions, command: Command): Promise<void> {
  const { name, hub, revision } = options;
  if ((folder === undefined) === (hub === undefined)) {
    throw badInput('one source is needed', { field: '--hub', expected: 'a folder, or --hub with a model' });
  }
  const source = hub === undefined ? { folder: folder ?? '' } : { hub: { repository: hub, revision } };
  const client = await connect(command);
  const importing = client.execute(ImportModelDocument, { input: { name, source } });
  const { model } = (await withJobProgress(client, 'CREATE_MODEL', importing)).importModel;
  print(command, model, `${model.name}: ${model.parameters} parameters, vectors of ${model.dimension}\n${model.id}`);
}

async function listModels(_options: unknown, command: Command): Promise<void> {
  const { models } = await (await connect(command)).execute(ModelsDocument, {});
  const rows = models.nodes.map((node) => [node.name, node.layers, node.dimension, node.parameters, node.id]);
  print(command, models, formatTable(['name', 'layers', 'dimension', 'parameters', 'id'], rows));
}
