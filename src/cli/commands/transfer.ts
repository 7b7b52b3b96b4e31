/** `tandem transfer`: joint training beside training on one task and in two stages. */
import { type Command, Option } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import {
  NegativeTransferDocument,
  type NegativeTransferQuery,
  type Split,
  type TandemClient,
  type TrainingRole,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { connect } from '../connect.ts';
import { checkpointId, datasetId, suiteId } from '../lookup.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, splitName } from '../values.ts';

const roles = ['ir-only', 'sts-only', 'ir-then-sts', 'sts-then-ir'] as const;

export function addTransferCommand(program: Command): void {
  program
    .command('transfer')
    .description('tell what joint training costs or gains beside single-task and two-stage training')
    .requiredOption(
      '--joint <checkpoint>',
      'id, alias or name of a jointly trained checkpoint (repeat it per seed)',
      collect,
    )
    .requiredOption(
      '--other <role=checkpoint>',
      `a checkpoint of another role, ${roles.join(', ')} (repeat it per role and seed)`,
      collect,
    )
    .option('--dataset <dataset>', 'id or name (repeat it)', collect)
    .addOption(new Option('--suite <suite>', 'id or name; all its splits').conflicts(['dataset', 'split', 'pooled']))
    .option('--split <split>', 'train, dev or test', splitName, 'TEST')
    .option('--pooled', 'by the evaluations on pooled corpora')
    .action(transfer);
}

interface TransferOptions {
  readonly joint: readonly string[];
  readonly other: readonly string[];
  readonly dataset?: readonly string[];
  readonly suite?: string;
  readonly split: Split;
  readonly pooled?: boolean;
}

async function transfer(options: TransferOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const { dataset, suite, split, pooled = false } = options;
  const { negativeTransfer: rows } = await client.execute(NegativeTransferDocument, {
    joint: await Promise.all(options.joint.map((text) => checkpointId(client, text))),
    others: await othersOf(client, options.other),
    datasets: dataset && (await Promise.all(dataset.map((text) => datasetId(client, text)))),
    suite: suite && (await suiteId(client, suite)),
    ...{ split, pooled },
  });
  const cells = rows.flatMap((row) =>
    row.transfers.map(({ role, value, difference, low, high, p, verdict, unseen }) => [
      ...[row.over.toLowerCase(), nameOf(row), row.task, unseenText(row.unseen, unseen), formatScore(row.joint)],
      ...[textOf(role), formatScore(value), formatScore(difference)],
      low === null || high === null ? '-' : `${formatScore(low)} to ${formatScore(high)}`,
      ...[formatScore(p), verdict.toLowerCase()],
    ]),
  );
  const values = ['joint', 'beside', 'value', 'difference', '95 % interval', 'p', 'joint is'];
  const columns = ['over', 'name', 'task', 'unseen by', ...values];
  print(command, rows, formatTable(columns, cells));
}

type Row = NegativeTransferQuery['negativeTransfer'][number];

const nameOf = ({ name, split }: Row): string => [name ?? '-', ...(split ? [split.toLowerCase()] : [])].join(' ');

/** Which of the two kinds of models has learnt from nothing that the row shares. */
function unseenText(byJoint: boolean, byOther: boolean): string {
  if (byJoint) return byOther ? 'both' : 'joint';
  return byOther ? 'other' : 'neither';
}

/** By role, in the order of their first mention. */
async function othersOf(client: TandemClient, given: readonly string[]) {
  const checkpoints = new Map<TrainingRole, string[]>();
  for (const text of given) {
    const [name, checkpoint] = text.split('=', 2);
    const role = roles.find((known) => known === name);
    if (role === undefined || !checkpoint) {
      throw badInput(`"${text}" names no checkpoint of a role`, {
        field: '--other',
        expected: `<role>=<checkpoint>, the role one of ${roles.join(', ')}`,
      });
    }
    const key = enumValueOf(role) as TrainingRole;
    checkpoints.set(key, [...(checkpoints.get(key) ?? []), await checkpointId(client, checkpoint)]);
  }
  return [...checkpoints].map(([role, ids]) => ({ role, checkpoints: ids }));
}

const textOf = (role: TrainingRole): string => role.toLowerCase().replaceAll('_', '-');
