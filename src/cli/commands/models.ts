/** Models: `tandem create-model`, `import-model` and `models`. */
import type { Command } from 'commander';
import { CreateModelDocument, ImportModelDocument, ModelsDocument, type Pooling } from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { poolingModes } from '../../model/types.ts';
import { connect } from '../connect.ts';
import { withJobProgress } from '../job-progress.ts';
import { datasetId } from '../lookup.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, enumName, wholeNumber } from '../values.ts';

export function addModelCommands(program: Command): void {
  program
    .command('create-model')
    .description('make a model from scratch, with a vocabulary trained on imported text')
    .requiredOption('--name <name>', 'name of the model')
    .requiredOption('--vocabulary-from <dataset>', 'data set to train the vocabulary on (repeatable)', collect)
    .option('--vocabulary-size <n>', 'largest number of tokens', wholeNumber, 4096)
    .option('--layers <n>', 'blocks', wholeNumber, 2)
    .option('--width <n>', 'width', wholeNumber, 64)
    .option('--heads <n>', 'attention heads', wholeNumber, 4)
    .option('--inner-width <n>', 'width of the feed-forward layer (default: 4 * width)', wholeNumber)
    .option('--max-length <n>', 'longest text in tokens', wholeNumber, 512)
    .option('--pooling <mode>', poolingModes.join(', '), 'mean')
    .option('--seed <n>', 'seed of the weights', wholeNumber, 1)
    .action(createModel);
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
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly innerWidth?: number;
  readonly maxLength: number;
  readonly pooling: string;
  readonly seed: number;
}

async function createModel(options: CreateModelOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const vocabularyFrom = await Promise.all(options.vocabularyFrom.map((name) => datasetId(client, name)));
  const creating = client.execute(CreateModelDocument, {
    input: {
      name: options.name,
      vocabularyFrom,
      vocabularySize: options.vocabularySize,
      architecture: {
        layers: options.layers,
        width: options.width,
        heads: options.heads,
        innerWidth: options.innerWidth ?? 4 * options.width,
        maxPositions: options.maxLength,
      },
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
