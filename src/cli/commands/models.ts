/** Models and checkpoints: `tandem create-model`, `import-model`, `models`, `checkpoints`, `evaluate`, `fuse`, `export`. */
import type { Command } from 'commander';
import {
  CheckpointsDocument,
  CreateModelDocument,
  EvaluateBagOfWordsDocument,
  EvaluateCheckpointDocument,
  ExportCheckpointDocument,
  FuseCheckpointsDocument,
  type FusionGranularity,
  type FusionMethod,
  ImportModelDocument,
  ModelsDocument,
  type Pooling,
  type Split,
  type TandemClient,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { fusionCatalog, fusionGranularities } from '../../fusion/catalog.ts';
import { poolingModes } from '../../model/types.ts';
import { connect } from '../connect.ts';
import { withJobProgress } from '../job-progress.ts';
import { checkpointId, datasetId, modelId } from '../lookup.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, enumName, realNumber, splitName, wholeNumber } from '../values.ts';

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
    .description('take over a model that another program made, from the import folder or from a Hugging Face hub')
    .argument('[folder]', 'a sentence-transformers or transformers folder, relative to the import folder')
    .option('--hub <owner/name>', 'a model on the hub, instead of a folder (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE)')
    .option('--revision <name>', 'branch, tag or commit of the model on the hub', 'main')
    .requiredOption('--name <name>', 'name of the model')
    .action(importModel);
  program.command('models').description('list the models').action(listModels);
  program
    .command('checkpoints')
    .description('list the checkpoints')
    .option('--model <model>', 'only those of a model')
    .action(listCheckpoints);
  program
    .command('evaluate')
    .description('evaluate a checkpoint, or the tf-idf baseline, on data sets')
    .option('--checkpoint <checkpoint>', 'id or alias; absent = the tf-idf baseline')
    .requiredOption('--dataset <dataset>', 'id or name (repeatable)', collect)
    .option('--split <split>', 'train, dev or test', splitName, 'TEST')
    .option('--all', 'print every metric')
    .action(evaluate);
  program
    .command('fuse')
    .description('fuse checkpoints of one model into a new one')
    .requiredOption('--checkpoint <checkpoint>', 'id or alias (repeat it)', collect)
    .option('--method <name>', fusionCatalog.map((entry) => entry.name).join(', '), 'delta-guided')
    .option('--granularity <name>', fusionGranularities.join(', '))
    .option('--power <p>', 'delta-guided: power of the norms', realNumber)
    .option('--lambda <x>', 'delta-guided: scale of the merged delta', realNumber)
    .action(fuse);
  program
    .command('export')
    .description('write a checkpoint as a sentence-transformers folder under <data>/export')
    .requiredOption('--checkpoint <checkpoint>', 'id or alias')
    .requiredOption('--folder <name>', 'name of the new folder')
    .action(exportCheckpoint);
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

async function listCheckpoints({ model }: { model?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const filter = model === undefined ? undefined : { model: await modelId(client, model) };
  const { checkpoints } = await client.execute(CheckpointsDocument, { filter });
  const rows = checkpoints.nodes.map((node) => [
    node.model.name,
    node.reason,
    node.step,
    node.epoch,
    node.alias ?? '-',
    node.id,
  ]);
  print(command, checkpoints, formatTable(['model', 'reason', 'step', 'epoch', 'alias', 'id'], rows));
}

interface EvaluateOptions {
  readonly checkpoint?: string;
  readonly dataset: readonly string[];
  readonly split: Split;
  readonly all?: boolean;
}

async function evaluate({ checkpoint, dataset, split, all }: EvaluateOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const datasets = await Promise.all(dataset.map((name) => datasetId(client, name)));
  const evaluations = await withJobProgress(client, 'EVALUATE', evaluateOne(client, datasets, split, checkpoint));
  const rows = evaluations.flatMap(({ dataset: { name }, count, main, metrics }) =>
    (all ? metrics : [main]).map((metric) => [name, count, metric.name, formatScore(metric.value)]),
  );
  print(command, evaluations, formatTable(['data set', 'count', 'metric', 'value'], rows));
}

/** The figures of a checkpoint, or of the baseline where none is named. */
async function evaluateOne(client: TandemClient, datasets: string[], split: Split, checkpoint: string | undefined) {
  if (checkpoint === undefined) {
    const { evaluateBagOfWords } = await client.execute(EvaluateBagOfWordsDocument, { input: { datasets, split } });
    return evaluateBagOfWords.evaluations;
  }
  const input = { checkpoint: { id: await checkpointId(client, checkpoint) }, datasets, split };
  return (await client.execute(EvaluateCheckpointDocument, { input })).evaluateCheckpoint.evaluations;
}

interface FuseOptions {
  readonly checkpoint: readonly string[];
  readonly method: string;
  readonly granularity?: string;
  readonly power?: number;
  readonly lambda?: number;
}

async function fuse(options: FuseOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const checkpoints = await Promise.all(options.checkpoint.map((name) => checkpointId(client, name)));
  const granularity =
    options.granularity === undefined ? undefined : (enumName(options.granularity) as FusionGranularity);
  const { fuseCheckpoints } = await client.execute(FuseCheckpointsDocument, {
    input: {
      checkpoints,
      method: enumName(options.method) as FusionMethod,
      parameters: { granularity, power: options.power, lambda: options.lambda },
    },
  });
  print(command, fuseCheckpoints.checkpoint, fuseCheckpoints.checkpoint.id);
}

async function exportCheckpoint(options: { checkpoint: string; folder: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const { exportCheckpoint: written } = await client.execute(ExportCheckpointDocument, {
    input: { checkpoint: { id: await checkpointId(client, options.checkpoint) }, folder: options.folder },
  });
  print(command, written, `${written.path} (${written.files.length} files, ${written.bytes} bytes)`);
}
