/** Checkpoints: `tandem checkpoints`, `evaluate`, `fuse` and `export`. */
import type { Command } from 'commander';
import {
  BeginEvaluateBagOfWordsDocument,
  BeginEvaluateCheckpointDocument,
  BeginExportCheckpointDocument,
  BeginFuseCheckpointsDocument,
  CheckpointsDocument,
  EvaluateBagOfWordsDocument,
  EvaluateCheckpointDocument,
  type EvaluationFiguresFragment,
  ExportCheckpointDocument,
  FuseCheckpointsDocument,
  PlanFusionDocument,
  type PlanFusionQuery,
  type Split,
  type TandemClient,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { fusionCatalog } from '../../fusion/catalog.ts';
import { addCatalogOptions, rowOption } from '../catalog-options.ts';
import { connect } from '../connect.ts';
import { type FuseOptions, fuseInput } from '../fuse-input.ts';
import { taskOf, taskOption } from '../heads-option.ts';
import { withJobProgress } from '../job-progress.ts';
import { checkpointId, datasetId, modelId } from '../lookup.ts';
import { beginJobs, noWaitOption, printJobs, type Waiting } from '../no-wait.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, realNumbers, splitName, wholeNumbers } from '../values.ts';

export function addCheckpointCommands(program: Command): void {
  program
    .command('checkpoints')
    .description('list the checkpoints')
    .option('--model <model>', 'only checkpoints of this model (id or name)')
    .action(listCheckpoints);
  program
    .command('evaluate')
    .description('evaluate a checkpoint, or the tf-idf baseline, on data sets')
    .option('--checkpoint <checkpoint>', 'id, alias or name; absent = the tf-idf baseline')
    .requiredOption('--dataset <dataset>', 'id or name (repeatable)', collect)
    .option('--split <split>', 'train, dev or test', splitName, 'TEST')
    .option('--pooled', 'search only judged documents and the first 50 of tf-idf for each query')
    .option(
      '--dimensions <dimensions>',
      'evaluate the first components alone, in these numbers, as 256,128',
      wholeNumbers,
    )
    .option('--geometry', 'measure how the vectors lie, too')
    .option('--all', 'print every metric')
    .addOption(noWaitOption())
    .action(evaluate);
  const fusing = program
    .command('fuse')
    .description('fuse checkpoints of one lineage into a new one')
    .option('--checkpoint <checkpoint>', 'id, alias or name (repeat it)', collect)
    .option(
      '--plan <file>',
      'a tree of methods over checkpoints, as YAML or JSON, in place of --checkpoint, --method and its options',
    )
    .option('--mergekit <file>', 'a configuration of mergekit, in place of all of these and of --base')
    .option('--map <name=checkpoint>', 'which checkpoint a model of the configuration is (repeat it)', collect)
    .option('--dry-run', 'show the plan and what it would take; fuse nothing')
    .option(
      '--base <checkpoint>',
      'id, alias or name of what the deltas are taken from (default: the model they descend from)',
    )
    .option('--weights <weights>', 'what each checkpoint counts, in their order, as 0.7,0.3 (default: 1)', realNumbers)
    .addOption(rowOption('--method <name>', 'how to fuse them (default: delta-guided)', fusionCatalog))
    .addOption(noWaitOption())
    .action(fuse);
  addCatalogOptions(fusing, fusionCatalog);
  program
    .command('export')
    .description('write a checkpoint as a sentence-transformers folder under <data>/export')
    .requiredOption('--checkpoint <checkpoint>', 'id, alias or name')
    .requiredOption('--folder <name>', 'name of the new folder')
    .addOption(taskOption('task that the folder is for, of a model with heads alone'))
    .addOption(noWaitOption())
    .action(exportCheckpoint);
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
    node.best ? 'best' : '-',
    node.alias ?? '-',
    node.name || '-',
    node.id,
  ]);
  print(command, checkpoints, formatTable(['model', 'reason', 'step', 'epoch', 'dev', 'alias', 'name', 'id'], rows));
}

interface EvaluateOptions extends Waiting {
  readonly checkpoint?: string;
  readonly dataset: readonly string[];
  readonly split: Split;
  readonly pooled?: boolean;
  readonly dimensions?: number[];
  readonly geometry?: boolean;
  readonly all?: boolean;
}

async function evaluate(options: EvaluateOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const datasets = await Promise.all(options.dataset.map((name) => datasetId(client, name)));
  const request = await evaluationRequest(client, datasets, options);
  if (!options.wait) return printJobs(command, await request.begin());
  const evaluations = await withJobProgress(client, 'EVALUATE', request.finish());
  const rows = evaluations.flatMap(({ dataset: { name }, pooled, count, dimension, main, metrics }) =>
    (options.all ? metrics : [main]).map((metric) => [
      pooled ? `${name} (pooled)` : name,
      ...(options.dimensions ? [dimension ?? '-'] : []),
      ...[count, metric.name, formatScore(metric.value)],
    ]),
  );
  const lie = evaluations.flatMap(({ dataset: { name }, geometry }) =>
    geometry ? [[name, ...geometryRow(geometry)]] : [],
  );
  const geometry = lie.length === 0 ? '' : `\n\n${formatTable(['data set', ...geometryColumns], lie)}`;
  const segmenter = evaluations.find(({ wordSegmenter }) => wordSegmenter !== null)?.wordSegmenter;
  const note = segmenter ? `\nWords of scripts without spaces were cut by ${segmenter}.` : '';
  const columns = ['data set', ...(options.dimensions ? ['dimension'] : []), 'count', 'metric', 'value'];
  print(command, evaluations, formatTable(columns, rows) + geometry + note);
}

const geometryColumns = ['alignment', 'uniformity', 'cosine', 'token cosine', 'rank', 'condition'];

function geometryRow(geometry: NonNullable<EvaluationFiguresFragment['geometry']>): string[] {
  const { alignment, uniformity, meanCosine, tokenCosine, effectiveRank, conditionNumber } = geometry;
  const [rank, condition] = [effectiveRank, conditionNumber].map((value) => value?.toFixed(1) ?? '-');
  return [...[alignment, uniformity, meanCosine, tokenCosine].map(formatScore), rank, condition];
}

/** The evaluation of a checkpoint, or of the tf-idf baseline if none is named. */
async function evaluationRequest(client: TandemClient, datasets: string[], options: EvaluateOptions) {
  const { checkpoint, split, pooled = false, dimensions, geometry = false } = options;
  if (checkpoint === undefined) {
    if (dimensions) throw badInput('the tf-idf baseline has none', { field: '--dimensions', expected: '--checkpoint' });
    if (geometry) throw badInput('the tf-idf baseline has none', { field: '--geometry', expected: '--checkpoint' });
    const variables = { input: { datasets, split, pooled } };
    return {
      begin: () => beginJobs(client, BeginEvaluateBagOfWordsDocument, variables),
      finish: async () => (await client.execute(EvaluateBagOfWordsDocument, variables)).evaluateBagOfWords.evaluations,
    };
  }
  const input = {
    checkpoint: { id: await checkpointId(client, checkpoint) },
    datasets,
    split,
    pooled,
    dimensions,
    geometry,
  };
  return {
    begin: () => beginJobs(client, BeginEvaluateCheckpointDocument, { input }),
    finish: async () => (await client.execute(EvaluateCheckpointDocument, { input })).evaluateCheckpoint.evaluations,
  };
}

async function fuse(options: FuseOptions & Waiting & { readonly dryRun?: boolean }, command: Command): Promise<void> {
  const client = await connect(command);
  const input = await fuseInput(client, options, command);
  if (options.dryRun) {
    const { planFusion: planned } = await client.execute(PlanFusionDocument, { input });
    print(command, planned, showPlan(planned));
    return;
  }
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginFuseCheckpointsDocument, { input }));
  const fusing = client.execute(FuseCheckpointsDocument, { input });
  const { checkpoint } = (await withJobProgress(client, 'FUSE', fusing)).fuseCheckpoints;
  for (const { node, name, value, description } of checkpoint.fusion?.figures ?? []) {
    process.stderr.write(`${node === 0 ? '' : `node ${node}: `}${name} ${value ?? '-'}: ${description}\n`);
  }
  print(command, checkpoint, checkpoint.id);
}

/** The tree, and what it takes. */
function showPlan({ text, tensors, mergedTensors, bytes, memoryBytes }: PlanFusionQuery['planFusion']): string {
  const left = tensors > mergedTensors ? `, ${tensors - mergedTensors} stay those of the base` : '';
  return `${text}\n${mergedTensors} tensors are merged${left}; ${bytes} bytes, ${memoryBytes} in memory at once`;
}

interface ExportOptions extends Waiting {
  readonly checkpoint: string;
  readonly folder: string;
  readonly task?: string;
}

async function exportCheckpoint(options: ExportOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const input = {
    checkpoint: { id: await checkpointId(client, options.checkpoint) },
    folder: options.folder,
    task: taskOf(options.task),
  };
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginExportCheckpointDocument, { input }));
  const { exportCheckpoint: written } = await client.execute(ExportCheckpointDocument, { input });
  print(command, written, `${written.path} (${written.files.length} files, ${written.bytes} bytes)`);
}
