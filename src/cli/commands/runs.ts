/** Training runs: `tandem train`, `runs`, `resume`; what `watch` and `cancel` do with a run. */
import type { Command } from 'commander';
import {
  CancelRunDocument,
  PlanRunDocument,
  ResumeRunDocument,
  RunDocument,
  type RunPlanPartsFragment,
  type RunSummaryFragment,
  RunsDocument,
  StartRunDocument,
  type StartRunInput,
  type TandemClient,
} from '../../client/index.ts';
import { notFound } from '../../errors.ts';
import { connect } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeEnd } from '../failure.ts';
import { followRun } from '../follow.ts';
import { runId } from '../lookup.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { startInput, type TrainOptions } from '../train-input.ts';
import { addTrainOptions } from '../train-options.ts';
import { collect } from '../values.ts';
import { addSeriesCommand } from './run-series.ts';

export function addRunCommands(program: Command): void {
  const training = program
    .command('train')
    .description('start a training run; its data sets decide whether it trains one task or both')
    .option('--model <model>', 'id or name of the model to start from')
    .option('--from <checkpoint>', 'id, alias or name of the checkpoint to start from, instead of a model')
    .requiredOption('--dataset <dataset[:weight]>', 'id or name, with its weight (repeatable)', collect)
    .option(
      '--teacher <checkpoint>',
      'id, alias or name of a checkpoint of any model, for the losses that need a teacher',
    )
    .option('--name <name>', 'name of the run')
    .option('--settings <file>', 'JSON file with RunSettingsInput of the API; the options below override it')
    .option(
      '--dataset-losses <dataset=file>',
      'losses of one data set, not those of its task: JSON file with a list of LossTermInput of the API (repeatable)',
      collect,
    )
    .option(
      '--stages <file>',
      'JSON file with a list of RunStageInput of the API: runs that follow, each from the one before',
    )
    .option('--plan', 'only print the steps, tokens and memory it would take')
    .option('--watch', 'follow the run, and its stages, to the end')
    .action(train);
  addTrainOptions(training);
  addSeriesCommand(program.command('runs').description('list the runs').action(listRuns));
  program
    .command('resume')
    .description('continue an interrupted run from its last checkpoint')
    .argument('<run>', 'id or name')
    .option('--allow-different-adapter', 'resume on another device than before; results may differ in the last bits')
    .option('--watch', 'follow the run to its end')
    .action(resume);
}

async function train(options: TrainOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const input = await startInput(client, options, command);
  if (options.plan) return plan(client, input, command);
  const { startRun } = await client.execute(StartRunDocument, { input });
  const { runs } = startRun;
  if (options.watch) return watchRuns(client, runs, command);
  const lines = runs.map(({ name, state, id }) => `${name}: ${state}\n${id}`);
  print(command, runs.length === 1 ? startRun.run : runs, lines.join('\n'));
}

async function plan(client: TandemClient, input: StartRunInput, command: Command): Promise<void> {
  const { planRun } = await client.execute(PlanRunDocument, { input });
  print(command, planRun, [planRun, ...planRun.stages].map(describePlan).join('\n\n'));
}

function describePlan(plan: RunPlanPartsFragment): string {
  const { datasets, steps, tokens, parameters, memoryBytes } = plan;
  const rows = datasets.map((row) => [row.dataset.name, row.batchesPerEpoch, row.tokensPerBatch]);
  const mebibytes = Math.round(memoryBytes / 2 ** 20);
  const summary = `${steps} steps, about ${tokens} tokens, ${parameters} parameters, ${mebibytes} MiB on the device`;
  return `${formatTable(['data set', 'batches per epoch', 'tokens per batch'], rows)}\n${summary}`;
}

export const watchRun = (client: TandemClient, id: string, command: Command, after = 0): Promise<void> =>
  watchRuns(client, [{ id }], command, after);

/** One after the other, and prints how they ended; `after` is of the first. */
async function watchRuns(
  client: TandemClient,
  [first, ...later]: readonly { readonly id: string }[],
  command: Command,
  after = 0,
): Promise<void> {
  const ends = [await watchToEnd(client, first?.id ?? '', after)];
  for (const { id } of later) ends.push(await watchToEnd(client, id, 0));
  const runs = ends.map(({ run }) => run);
  print(command, runs.length === 1 ? runs[0] : runs, ends.map(({ text }) => text).join('\n'));
}

async function watchToEnd(client: TandemClient, id: string, after: number) {
  const { ended } = await followRun(client, id, { after });
  const { run } = await client.execute(RunDocument, { id });
  if (!run) throw notFound(`there is no run ${id}`);
  if (ended.state !== 'SUCCEEDED') process.exitCode = exitCodes.runNotSucceeded;
  const cause = run.cause === null ? '' : ` (${run.cause})`;
  const reached = `${run.name}: ${ended.state}${cause} at step ${run.step}, ${run.checkpoints.nodes.length} checkpoints`;
  return { run, text: `${reached}${bestOf(run)}${describeEnd(ended.error)}\n${id}` };
}

const bestOf = ({ bestScore, bestStep }: RunSummaryFragment): string =>
  bestScore === null ? '' : `\nbest dev score ${formatScore(bestScore)} at step ${bestStep}`;

async function listRuns(_options: unknown, command: Command): Promise<void> {
  const { runs } = await (await connect(command)).execute(RunsDocument, {});
  const rows = runs.nodes.map((run) => [
    run.name,
    run.state,
    `${run.step}/${run.steps ?? '?'}`,
    run.loss?.toFixed(4) ?? '-',
    formatScore(run.bestScore),
    run.id,
  ]);
  print(command, runs, formatTable(['name', 'state', 'step', 'loss', 'dev', 'id'], rows));
}

const showState = (command: Command, run: RunSummaryFragment): void =>
  print(command, run, `${run.name}: ${run.state}\n${run.id}`);

export async function stopRun(client: TandemClient, id: string, command: Command): Promise<void> {
  const { cancelRun } = await client.execute(CancelRunDocument, { id });
  showState(command, cancelRun.run);
}

async function resume(
  name: string,
  options: { allowDifferentAdapter?: boolean; watch?: boolean },
  command: Command,
): Promise<void> {
  const client = await connect(command);
  const id = await runId(client, name);
  const { resumeRun } = await client.execute(ResumeRunDocument, {
    id,
    allowDifferentAdapter: options.allowDifferentAdapter ?? false,
  });
  if (options.watch) return watchRun(client, id, command, resumeRun.run.lastSeq);
  showState(command, resumeRun.run);
}
