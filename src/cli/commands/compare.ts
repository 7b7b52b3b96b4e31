/** `tandem compare`: two checkpoints on the data sets that both were evaluated on. */
import { type Command, Option } from 'commander';
import { CompareCheckpointsDocument, type Split, type TandemClient } from '../../client/index.ts';
import { connect } from '../connect.ts';
import { checkpointId, datasetId, suiteId } from '../lookup.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, splitName } from '../values.ts';

/** What stands for the baseline in place of a checkpoint. */
const baseline = 'tf-idf';

export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .description('test the differences between two checkpoints that were evaluated on the same data sets')
    .argument('<reference>', `id, alias or name of a checkpoint, or ${baseline} for the baseline`)
    .argument('<candidate>', 'what is compared with it')
    .option('--dataset <dataset>', 'id or name (repeat it; default: all that both were evaluated on)', collect)
    .addOption(new Option('--suite <suite>', 'id or name; all its splits').conflicts(['dataset', 'split', 'pooled']))
    .option('--split <split>', 'train, dev or test', splitName, 'TEST')
    .option('--pooled', 'compare the evaluations on pooled corpora')
    .action(compare);
}

interface CompareOptions {
  readonly dataset?: readonly string[];
  readonly suite?: string;
  readonly split: Split;
  readonly pooled?: boolean;
}

async function compare(
  reference: string,
  candidate: string,
  { dataset, suite, split, pooled = false }: CompareOptions,
  command: Command,
): Promise<void> {
  const client = await connect(command);
  const { compareCheckpoints: found } = await client.execute(CompareCheckpointsDocument, {
    ...{ reference: await choiceOf(client, reference), candidate: await choiceOf(client, candidate), split, pooled },
    datasets: dataset && (await Promise.all(dataset.map((name) => datasetId(client, name)))),
    suite: suite && (await suiteId(client, suite)),
  });
  const rows = found.map((row) => [
    ...[row.dataset.name, row.figure, row.units, signed(row.difference)],
    row.low === null || row.high === null ? '-' : `${signed(row.low)} to ${signed(row.high)}`,
    ...[formatScore(row.p), formatScore(row.detectable), row.undefinedReason ?? row.verdict.toLowerCase()],
  ]);
  const columns = ['data set', 'metric', 'units', 'difference', '95 % interval', 'p', 'detectable', 'candidate is'];
  print(command, found, formatTable(columns, rows));
}

const choiceOf = async (client: TandemClient, text: string): Promise<{ id: string } | null> =>
  text === baseline ? null : { id: await checkpointId(client, text) };

const signed = (value: number | null): string => (value !== null && value > 0 ? '+' : '') + formatScore(value);
