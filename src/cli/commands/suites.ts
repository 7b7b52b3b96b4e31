/** Suites: `tandem suites`, `create-suite`, `evaluate-suite` and `leaderboard`. */
import { type Command, Option } from 'commander';
import {
  BeginEvaluateSuiteDocument,
  CreateSuiteDocument,
  EvaluateSuiteDocument,
  LeaderboardDocument,
  type LeaderboardOrder,
  type LeaderboardQuery,
  type SuiteEntryInput,
  type SuiteFiguresFragment,
  SuiteOverlapsDocument,
  type SuiteOverlapsQuery,
  SuitesDocument,
  type TandemClient,
} from '../../client/index.ts';
import { connect } from '../connect.ts';
import { withJobProgress } from '../job-progress.ts';
import { checkpointId, datasetId, suiteId } from '../lookup.ts';
import { beginJobs, noWaitOption, printJobs, type Waiting } from '../no-wait.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, wholeNumber, withSplit } from '../values.ts';

export function addSuiteCommands(program: Command): void {
  program.command('suites').description('list the suites').action(listSuites);
  program
    .command('create-suite')
    .description('make a suite: a named list of splits of data sets')
    .argument('<name>', 'a name that no suite has')
    .option('--dataset <dataset[:split]>', 'id or name; its test split, or the one named (repeatable)', collect)
    .option('--pooled <dataset[:split]>', 'the same, searching a pooled corpus only (repeatable)', collect)
    .action(createSuite);
  program
    .command('evaluate-suite')
    .description('evaluate a checkpoint, or the tf-idf baseline, on a suite; what was evaluated before is kept')
    .argument('<suite>', 'id or name')
    .option('--checkpoint <checkpoint>', 'id, alias or name; absent = the tf-idf baseline')
    .option('--geometry', "measure the geometry of the checkpoint's vectors, too")
    .option('--overlaps', 'count what each split shares with the data that the checkpoint was trained on')
    .addOption(noWaitOption())
    .action(evaluateSuite);
  program
    .command('leaderboard')
    .description('list all that was evaluated on a suite, the best first')
    .argument('<suite>', 'id or name')
    .option('--checkpoint <checkpoint>', 'only this one, by id, alias or name (repeatable)', collect)
    .addOption(new Option('--task <task>', 'order by the mean of a task').choices(['ir', 'sts']))
    .addOption(new Option('--domain <domain>', 'order by the mean of a domain').conflicts('task'))
    .addOption(
      new Option('--entry <n>', 'order by a split, counted from 0')
        .argParser(wholeNumber)
        .conflicts(['task', 'domain']),
    )
    .option('--worst', 'the worst first')
    .option('--first <n>', 'rows at most', wholeNumber, 50)
    .action(showLeaderboard);
}

async function listSuites(_options: object, command: Command): Promise<void> {
  const { suites } = await (await connect(command)).execute(SuitesDocument, {});
  const rows = suites.nodes.map(({ name, entries, id }) => [name, entries.length, entries.map(nameOf).join(', '), id]);
  print(command, suites, formatTable(['name', 'splits', 'what', 'id'], rows));
}

interface CreateOptions {
  readonly dataset?: readonly string[];
  readonly pooled?: readonly string[];
}

async function createSuite(name: string, { dataset = [], pooled = [] }: CreateOptions, command: Command) {
  const client = await connect(command);
  const find = async (text: string, isPooled: boolean): Promise<SuiteEntryInput> => {
    const { name: set, split } = withSplit(text);
    return { dataset: await datasetId(client, set), pooled: isPooled, ...(split && { split }) };
  };
  const entries = await Promise.all([
    ...dataset.map((text) => find(text, false)),
    ...pooled.map((text) => find(text, true)),
  ]);
  const { suite } = (await client.execute(CreateSuiteDocument, { input: { name, entries } })).createSuite;
  print(command, suite, suite.id);
}

interface EvaluateOptions extends Waiting {
  readonly checkpoint?: string;
  readonly geometry?: boolean;
  readonly overlaps?: boolean;
}

async function evaluateSuite(name: string, options: EvaluateOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const suite = await suiteId(client, name);
  const checkpoint =
    options.checkpoint === undefined ? undefined : { id: await checkpointId(client, options.checkpoint) };
  const input = { suite, geometry: options.geometry ?? false, ...(checkpoint && { checkpoint }) };
  if (!options.wait) return printJobs(command, await beginJobs(client, BeginEvaluateSuiteDocument, { input }));
  const done = client.execute(EvaluateSuiteDocument, { input });
  const { result } = (await withJobProgress(client, 'EVALUATE_SUITE', done)).evaluateSuite;
  const tables = [formatTable(['over', 'name', 'task', 'value'], rowsOf(result)), ...reasonsOf(result)];
  if (!options.overlaps || !checkpoint) return print(command, result, tables.join('\n'));
  const overlaps = await client.execute(SuiteOverlapsDocument, { suite, checkpoint });
  const cells = overlaps.suite?.result.cells ?? [];
  const columns = ['split', 'unseen', 'texts', 'shared', 'pairs', 'shared', 'training sets that are it or related'];
  const table = formatTable(columns, cells.map(overlapRow));
  print(command, { ...result, overlaps: cells }, [...tables, '', table].join('\n'));
}

/** A split, then the means of tasks and domains, then the macro mean. */
const rowsOf = ({ cells, tasks, domains, mean }: SuiteFiguresFragment): string[][] => [
  ...cells.map((cell) => ['split', nameOf(cell), cell.task, formatScore(cell.figure.value)]),
  ...tasks.map(({ task, sets, figure }) => [
    'task',
    `${sets} ${sets === 1 ? 'split' : 'splits'}`,
    task,
    formatScore(figure.value),
  ]),
  ...domains.map((row) => ['domain', row.domain, '-', formatScore(row.mean.value)]),
  ['mean', 'over the tasks', '-', formatScore(mean.value)],
];

/** Why figures are undefined, a line each. */
const reasonsOf = ({ cells }: SuiteFiguresFragment): string[] =>
  cells.flatMap(({ figure }) => (figure.undefinedReason === null ? [] : [`undefined: ${figure.undefinedReason}`]));

interface Cell {
  readonly dataset: { readonly name: string };
  readonly split: string;
  readonly pooled: boolean;
}

const nameOf = ({ dataset, split, pooled }: Cell): string =>
  `${dataset.name} ${split.toLowerCase()}${pooled ? ' (pooled)' : ''}`;

type OverlapCell = NonNullable<SuiteOverlapsQuery['suite']>['result']['cells'][number];

function overlapRow(cell: OverlapCell): (string | number)[] {
  const { overlap } = cell;
  if (!overlap) return [nameOf(cell), '-', '-', '-', '-', '-', '-'];
  const { unseen, texts, sharedTexts, pairs, sharedPairs, same, related } = overlap;
  const names = [...same, ...related].map(({ name }) => name).join(', ');
  return [nameOf(cell), unseen ? 'yes' : 'no', texts, sharedTexts, pairs, sharedPairs, names || '-'];
}

interface LeaderboardOptions {
  readonly checkpoint?: readonly string[];
  readonly task?: 'ir' | 'sts';
  readonly domain?: string;
  readonly entry?: number;
  readonly worst?: boolean;
  readonly first: number;
}

async function showLeaderboard(name: string, options: LeaderboardOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const { leaderboard } = await client.execute(LeaderboardDocument, {
    of: { suite: await suiteId(client, name) },
    checkpoints: await namedCheckpoints(client, options.checkpoint),
    orderBy: orderOf(options),
    first: options.first,
  });
  const [best] = leaderboard.nodes;
  const columns = best ? [...best.cells.map(nameOf), ...best.tasks.map(({ task }) => task), 'mean'] : [];
  const rows = leaderboard.nodes.map((node) => [
    subjectOf(node),
    ...[...node.cells, ...node.tasks].map(({ figure }) => formatScore(figure.value)),
    ...[formatScore(node.mean.value), node.checkpoint?.id ?? '-'],
  ]);
  print(command, leaderboard, formatTable(['what', ...columns, 'id'], rows));
}

const namedCheckpoints = (client: TandemClient, names: readonly string[] | undefined) =>
  names && Promise.all(names.map((text) => checkpointId(client, text)));

function orderOf({ task, domain, entry, worst }: LeaderboardOptions): LeaderboardOrder {
  const direction = worst ? 'ASC' : 'DESC';
  if (task) return { direction, column: { task: task === 'ir' ? 'IR' : 'STS' } };
  if (domain !== undefined) return { direction, column: { domain } };
  return entry === undefined ? { direction } : { direction, column: { entry } };
}

type Row = LeaderboardQuery['leaderboard']['nodes'][number];

function subjectOf({ checkpoint }: Row): string {
  if (!checkpoint) return 'tf-idf baseline';
  const { alias, run, model, step, reason } = checkpoint;
  return alias ?? (run ? `${run.name}, step ${step}` : `${model.name}, ${reason.toLowerCase()}`);
}
