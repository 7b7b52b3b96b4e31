/** Searches for the best fusion: `tandem fuse-search`, `fuse-searches`, `fuse-front` and `fuse-candidate`. */
import { type Command, InvalidArgumentError } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import {
  BeginFuseCandidateDocument,
  FuseCandidateDocument,
  type FusionMethod,
  FusionSearchesDocument,
  type SearchStrategy,
  StartFusionSearchDocument,
  type TandemClient,
} from '../../client/index.ts';
import { fusionCatalog } from '../../fusion/catalog.ts';
import { searchStrategyCatalog } from '../../fusion/search/catalog.ts';
import { rowOption } from '../catalog-options.ts';
import { connect } from '../connect.ts';
import { addDevSetOptions, givenDevSets, jointWeights } from '../dev-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeEnd } from '../failure.ts';
import { followJob } from '../job-progress.ts';
import { checkpointId, datasetId } from '../lookup.ts';
import { beginJobs, noWaitOption, printJobs, type Waiting } from '../no-wait.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { readSearch, showSearch } from '../show-search.ts';
import { collect, nameIn, realNumber, wholeNumber } from '../values.ts';

const methodNames = fusionCatalog.map(({ name }) => name);

export function addFusionSearchCommands(program: Command): void {
  const searching = program
    .command('fuse-search')
    .description('search for the fusion of checkpoints with the best dev score; follow it, and show what it found')
    .requiredOption('--checkpoint <checkpoint>', 'id, alias or name (repeat it)', collect)
    .option('--base <checkpoint>', 'id, alias or name of what the deltas are taken from (default: the model)')
    .option('--test <dataset>', 'read its test split once, at the end (repeatable)', collect)
    .option('--test-pooled <dataset>', 'the same, searching a pooled corpus only (repeatable)', collect)
    .addOption(rowOption('--strategy <name>', 'how to choose what to try', searchStrategyCatalog).default('coordinate'))
    .option('--method <name>', 'search over this method (repeatable; default: all)', collectMethods)
    .option('--candidates <n>', 'try so many, the checkpoints as they are included', wholeNumber, 30)
    .option('--minutes <x>', 'begin no candidate after so many minutes', realNumber)
    .option('--seed <n>', 'seed of what is drawn', wholeNumber, 1)
    .option('--detach', 'return at once; the search goes on in the server')
    .action(search);
  addDevSetOptions(searching, 'choose by it', '0.5; 1 or 0 where the dev sets are of one task');
  program.command('fuse-searches').description('list the searches for a fusion').action(listSearches);
  program
    .command('fuse-front')
    .description('show what a search has found so far: its candidates, and the front of search against similarity')
    .argument('<search>', 'id of the search')
    .action(showFront);
  program
    .command('fuse-candidate')
    .description('make a checkpoint of the winner of a search, or of another candidate')
    .argument('<search>', 'id of the search')
    .option('--candidate <n>', 'its number (default: the winner)', wholeNumber)
    .addOption(noWaitOption())
    .action(fuseCandidate);
}

function collectMethods(text: string, before: readonly string[] = []): string[] {
  if (!methodNames.some((name) => name === text.toLowerCase().replaceAll('_', '-'))) {
    throw new InvalidArgumentError(`expected one of ${methodNames.join(', ')}.`);
  }
  return collect(nameIn(methodNames)(text), before);
}

interface SearchOptions {
  readonly checkpoint: readonly string[];
  readonly base?: string;
  readonly test?: readonly string[];
  readonly testPooled?: readonly string[];
  readonly strategy: string;
  readonly method?: readonly string[];
  readonly candidates: number;
  readonly minutes?: number;
  readonly seed: number;
  readonly irWeight?: number;
  readonly detach?: boolean;
}

async function search(options: SearchOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const input = await searchInput(client, options, command);
  const { search: started } = (await client.execute(StartFusionSearchDocument, { input })).startFusionSearch;
  if (options.detach) return print(command, started, started.id);
  const job = await followJob(client, started.job.id, { after: 0 });
  if (job?.state !== 'SUCCEEDED') process.exitCode = exitCodes.runNotSucceeded;
  const found = await readSearch(client, started.id);
  print(command, found, `${showSearch(found)}${describeEnd(job?.error ?? null)}\n${started.id}`);
}

async function searchInput(client: TandemClient, options: SearchOptions, command: Command) {
  const { base, strategy, method, candidates, minutes, seed, irWeight } = options;
  const testSet = async (name: string, pooled: boolean) => ({ dataset: await datasetId(client, name), pooled });
  const tests = [
    ...(options.test ?? []).map((name) => testSet(name, false)),
    ...(options.testPooled ?? []).map((name) => testSet(name, true)),
  ];
  return {
    checkpoints: await Promise.all(options.checkpoint.map((name) => checkpointId(client, name))),
    ...(base !== undefined && { base: { id: await checkpointId(client, base) } }),
    devSets: await givenDevSets(client, command),
    testSets: await Promise.all(tests),
    ...(irWeight !== undefined && { weights: jointWeights(irWeight) }),
    strategy: enumValueOf(strategy) as SearchStrategy,
    ...(method && { methods: method.map((name) => enumValueOf(name) as FusionMethod) }),
    ...{ budget: candidates, seed },
    ...(minutes !== undefined && { minutes }),
  };
}

async function listSearches(_options: unknown, command: Command): Promise<void> {
  const { fusionSearches } = await (await connect(command)).execute(FusionSearchesDocument, {});
  const rows = fusionSearches.nodes.map(({ model, strategy, job, budget, winner, id }) => [
    model.name,
    strategy,
    job.state,
    `${winner ? winner.number : '-'}`,
    formatScore(winner?.score),
    budget,
    id,
  ]);
  print(command, fusionSearches, formatTable(['model', 'strategy', 'state', 'winner', 'dev', 'budget', 'id'], rows));
}

async function showFront(id: string, _options: unknown, command: Command): Promise<void> {
  const found = await readSearch(await connect(command), id);
  print(command, found, showSearch(found));
}

async function fuseCandidate(
  search: string,
  { candidate, wait }: { readonly candidate?: number } & Waiting,
  command: Command,
): Promise<void> {
  const client = await connect(command);
  const input = { search, ...(candidate !== undefined && { candidate }) };
  if (!wait) return printJobs(command, await beginJobs(client, BeginFuseCandidateDocument, { input }));
  const { checkpoint } = (await client.execute(FuseCandidateDocument, { input })).fuseCandidate;
  print(command, checkpoint, checkpoint.id);
}
