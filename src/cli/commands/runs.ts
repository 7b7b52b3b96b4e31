/** Training runs: `tandem train`, `runs`, `resume`; what `watch` and `cancel` do with a run. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  CancelRunDocument,
  PlanRunDocument,
  ResumeRunDocument,
  RunDocument,
  type RunSettingsInput,
  type RunSummaryFragment,
  RunsDocument,
  StartRunDocument,
  type StartRunInput,
  type TandemClient,
} from '../../client/index.ts';
import { badInput, notFound } from '../../errors.ts';
import { connect } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeEnd } from '../failure.ts';
import { followRun } from '../follow.ts';
import { datasetId, modelId } from '../lookup.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { addTrainOptions, givenSettings } from '../train-options.ts';
import { collect, weighted } from '../values.ts';

export function addRunCommands(program: Command): void {
  const training = program
    .command('train')
    .description('start a training run; its data sets decide whether it trains one task or both')
    .requiredOption('--model <model>', 'id or name of the model to start from')
    .requiredOption('--dataset <dataset[:weight]>', 'id or name, with its weight (repeatable)', collect)
    .option('--name <name>', 'name of the run')
    .option('--settings <file>', 'JSON file with RunSettingsInput of the API; the options below override it')
    .option('--plan', 'only print the steps, tokens and memory it would take')
    .option('--watch', 'follow the run to its end')
    .action(train);
  addTrainOptions(training);
  program.command('runs').description('list the runs').action(listRuns);
  program
    .command('resume')
    .description('continue an interrupted run from its last checkpoint')
    .argument('<run>', 'id of the run')
    .option('--allow-different-adapter', 'resume on another device than before; results may differ in the last bits')
    .option('--watch', 'follow the run to its end')
    .action(resume);
}

interface TrainOptions {
  readonly model: string;
  readonly dataset: readonly string[];
  readonly name?: string;
  readonly settings?: string;
  readonly plan?: boolean;
  readonly watch?: boolean;
}

async function train(options: TrainOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const input = await startInput(client, options, command);
  if (options.plan) return plan(client, input, command);
  const { startRun } = await client.execute(StartRunDocument, { input });
  if (options.watch) return watchRun(client, startRun.run.id, command);
  print(command, startRun.run, `${startRun.run.name}: ${startRun.run.state}\n${startRun.run.id}`);
}

async function startInput(client: TandemClient, options: TrainOptions, command: Command): Promise<StartRunInput> {
  const datasets = options.dataset
    .map(weighted)
    .map(async ({ name, weight }) => ({ dataset: await datasetId(client, name), weight }));
  const given = options.settings === undefined ? {} : await readSettings(options.settings);
  const settings = givenSettings(command, given);
  return {
    name: options.name,
    model: await modelId(client, options.model),
    datasets: await Promise.all(datasets),
    settings,
  };
}

async function readSettings(file: string): Promise<RunSettingsInput> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunSettingsInput;
  } catch (error) {
    throw badInput(`${file} cannot be read: ${(error as Error).message}`, {
      field: '--settings',
      expected: 'a JSON object of RunSettingsInput',
    });
  }
}

async function plan(client: TandemClient, input: StartRunInput, command: Command): Promise<void> {
  const { planRun } = await client.execute(PlanRunDocument, { input });
  const rows = planRun.datasets.map((row) => [row.dataset.name, row.batchesPerEpoch, row.tokensPerBatch]);
  const mebibytes = Math.round(planRun.memoryBytes / 2 ** 20);
  const summary = `${planRun.steps} steps, about ${planRun.tokens} tokens, ${planRun.parameters} parameters, ${mebibytes} MiB on the device`;
  print(command, planRun, `${formatTable(['data set', 'batches per epoch', 'tokens per batch'], rows)}\n${summary}`);
}

export async function watchRun(client: TandemClient, id: string, command: Command, after = 0): Promise<void> {
  const { ended } = await followRun(client, id, { after });
  const { run } = await client.execute(RunDocument, { id });
  if (!run) throw notFound(`there is no run ${id}`);
  if (ended.state !== 'SUCCEEDED') process.exitCode = exitCodes.runNotSucceeded;
  const reached = `${run.name}: ${ended.state} at step ${run.step}, ${run.checkpoints.nodes.length} checkpoints`;
  print(command, run, `${reached}${describeEnd(ended.error)}\n${id}`);
}

async function listRuns(_options: unknown, command: Command): Promise<void> {
  const { runs } = await (await connect(command)).execute(RunsDocument, {});
  const rows = runs.nodes.map((run) => [
    run.name,
    run.state,
    `${run.step}/${run.steps ?? '?'}`,
    run.loss?.toFixed(4) ?? '-',
    run.id,
  ]);
  print(command, runs, formatTable(['name', 'state', 'step', 'loss', 'id'], rows));
}

const showState = (command: Command, run: RunSummaryFragment): void =>
  print(command, run, `${run.name}: ${run.state}\n${run.id}`);

export async function stopRun(client: TandemClient, id: string, command: Command): Promise<void> {
  const { cancelRun } = await client.execute(CancelRunDocument, { id });
  showState(command, cancelRun.run);
}

async function resume(
  id: string,
  options: { allowDifferentAdapter?: boolean; watch?: boolean },
  command: Command,
): Promise<void> {
  const client = await connect(command);
  const { resumeRun } = await client.execute(ResumeRunDocument, {
    id,
    allowDifferentAdapter: options.allowDifferentAdapter ?? false,
  });
  if (options.watch) return watchRun(client, id, command, resumeRun.run.lastSeq);
  showState(command, resumeRun.run);
}
