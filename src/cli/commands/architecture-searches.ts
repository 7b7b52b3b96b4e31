/**
 * Searches over architectures: `tandem search-architecture`, `architecture-searches`, `architectures` and
 * `resume-search`.
 */
import { type Command, Option } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import {
  ArchitectureSearchesDocument,
  type ArchitectureSpaceInput,
  ResumeArchitectureSearchDocument,
  type SearchKeep,
  StartArchitectureSearchDocument,
  type TandemClient,
} from '../../client/index.ts';
import { defaultArchitectureSearch, searchKeeps } from '../../train/architecture-search/catalog.ts';
import { connect } from '../connect.ts';
import { exitCodes, RunNotSucceeded } from '../exit-codes.ts';
import { describeEnd } from '../failure.ts';
import { followJob } from '../job-progress.ts';
import { architectureSearchId } from '../lookup.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { readArchitectures, showArchitectures } from '../show-architectures.ts';
import { readJson, startInput, type TrainOptions } from '../train-input.ts';
import { addTrainOptions } from '../train-options.ts';
import { collect, wholeNumber } from '../values.ts';

const { configurations, eta, seed, keep } = defaultArchitectureSearch;

export function addArchitectureSearchCommands(program: Command): void {
  const searching = program
    .command('search-architecture')
    .description('search over inner layer, loss weights, pooling and heads of a run by successive halving')
    .requiredOption('--model <model>', 'id or name of the model to start from')
    .requiredOption('--dataset <dataset[:weight]>', 'id or name, with its weight (repeatable)', collect)
    .option(
      '--teacher <checkpoint>',
      'id, alias or name of a checkpoint of any model, for the losses that need a teacher',
    )
    .option('--name <name>', 'name of the search')
    .option('--settings <file>', 'JSON file with RunSettingsInput of the API; the options below override it')
    .option('--space <file>', 'JSON file with ArchitectureSpaceInput of the API: what to vary (default: all of it)')
    .option('--configurations <n>', 'configurations of the first rung', wholeNumber, configurations)
    .option('--eta <n>', 'of each rung the best n-th is trained anew, n times as long', wholeNumber, eta)
    .option('--draw-seed <n>', 'seed of the draw of configurations', wholeNumber, seed)
    .addOption(new Option('--keep <name>', 'whose checkpoints to keep').choices(searchKeeps).default(keep))
    .option('--detach', 'return at once; the search goes on in the server')
    .action(search);
  addTrainOptions(searching);
  program.command('architecture-searches').description('list the searches over architectures').action(listSearches);
  program
    .command('architectures')
    .description('show what a search over architectures has found so far')
    .argument('<search>', 'id or name')
    .action(async (name: string, _options: unknown, command: Command) => {
      const client = await connect(command);
      await show(client, await architectureSearchId(client, name), command);
    });
  program
    .command('resume-search')
    .description('continue an interrupted search over architectures, with its interrupted runs')
    .argument('<search>', 'id or name')
    .option('--allow-different-adapter', 'resume on another device than before; results may differ in the last bits')
    .option('--watch', 'follow the search to its end')
    .action(resume);
}

interface SearchOptions extends Omit<TrainOptions, 'from' | 'stages'> {
  readonly space?: string;
  readonly configurations: number;
  readonly eta: number;
  readonly drawSeed: number;
  readonly keep: string;
  readonly detach?: boolean;
}

async function search(options: SearchOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const input = await searchInput(client, options, command);
  const { startArchitectureSearch: started } = await client.execute(StartArchitectureSearchDocument, { input });
  if (options.detach) return print(command, started, started.id);
  await follow(client, started, command);
}

async function searchInput(client: TandemClient, options: SearchOptions, command: Command) {
  const { checkpoint: _checkpoint, stages: _stages, model, ...content } = await startInput(client, options, command);
  const space = options.space && (await readJson('--space', options.space, 'an object of ArchitectureSpaceInput'));
  return {
    ...content,
    model: model ?? '',
    ...(space !== undefined && { space: space as ArchitectureSpaceInput }),
    ...{ configurations: options.configurations, eta: options.eta, seed: options.drawSeed },
    keep: enumValueOf(options.keep) as SearchKeep,
  };
}

async function follow(
  client: TandemClient,
  { id, job }: { readonly id: string; readonly job: { readonly id: string } },
  command: Command,
): Promise<void> {
  const ended = await followJob(client, job.id, { isStuck: () => isStuck(client, id) });
  if (ended?.state !== 'SUCCEEDED') process.exitCode = exitCodes.runNotSucceeded;
  const { state } = await show(client, id, command, describeEnd(ended?.error ?? null));
  if (state !== 'INTERRUPTED') return;
  throw new RunNotSucceeded(`search ${id} was interrupted; resume it with: tandem resume-search ${id} --watch`);
}

/** Whether interrupted runs hold the search up, and no other goes on. No answer: the server stops, and ends events. */
async function isStuck(client: TandemClient, id: string): Promise<boolean> {
  const found = await readArchitectures(client, id).catch(() => undefined);
  if (found?.state !== 'INTERRUPTED') return false;
  const states = found.candidates.flatMap(({ trials }) => trials.map(({ run }) => run?.state));
  return !states.some((state) => state === 'QUEUED' || state === 'RUNNING');
}

async function show(client: TandemClient, id: string, command: Command, end = '') {
  const found = await readArchitectures(client, id);
  print(command, found, `${showArchitectures(found)}${end}\n${id}`);
  return found;
}

async function listSearches(_options: unknown, command: Command): Promise<void> {
  const { architectureSearches } = await (await connect(command)).execute(ArchitectureSearchesDocument, {});
  const rows = architectureSearches.nodes.map(({ name, state, model, steps, id }) => [
    name,
    state,
    model.name,
    steps,
    id,
  ]);
  print(command, architectureSearches, formatTable(['name', 'state', 'model', 'updates', 'id'], rows));
}

async function resume(
  name: string,
  { allowDifferentAdapter = false, watch }: { allowDifferentAdapter?: boolean; watch?: boolean },
  command: Command,
): Promise<void> {
  const client = await connect(command);
  const id = await architectureSearchId(client, name);
  const variables = { id, allowDifferentAdapter };
  const { resumeArchitectureSearch: search } = await client.execute(ResumeArchitectureSearchDocument, variables);
  if (watch) return follow(client, search, command);
  print(command, search, `${search.name}: ${search.state}\n${id}`);
}
