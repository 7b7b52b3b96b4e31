/** `tandem transfer`: joint training beside training on one task and in two stages. */
import type { Command } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import { NegativeTransferDocument, type Split, type TandemClient, type TrainingRole } from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { connect } from '../connect.ts';
import { checkpointId, datasetId } from '../lookup.ts';
import { formatScore, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { collect, splitName } from '../values.ts';

const roles = ['ir-only', 'sts-only', 'ir-then-sts', 'sts-then-ir'] as const;

export function addTransferCommand(program: Command): void {
  program
    .command('transfer')
    .description('tell what joint training costs or gains beside single-task and two-stage training')
    .requiredOption('--joint <checkpoint>', 'id or alias of a jointly trained checkpoint (repeat it per seed)', collect)
    .requiredOption(
      '--other <role=checkpoint>',
      `a checkpoint of another role, ${roles.join(', ')} (repeat it per role and seed)`,
      collect,
    )
    .requiredOption('--dataset <dataset>', 'id or name (repeat it)', collect)
    .option('--split <split>', 'train, dev or test', splitName, 'TEST')
    .option('--pooled', 'by the evaluations on pooled corpora')
    .action(transfer);
}

interface TransferOptions {
  readonly joint: readonly string[];
  readonly other: readonly string[];
  readonly dataset: readonly string[];
  readonly split: Split;
  readonly pooled?: boolean;
}

async function transfer(options: TransferOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const { split, pooled = false } = options;
  const { negativeTransfer: rows } = await client.execute(NegativeTransferDocument, {
    joint: await Promise.all(options.joint.map((text) => checkpointId(client, text))),
    others: await othersOf(client, options.other),
    datasets: await Promise.all(options.dataset.map((text) => datasetId(client, text))),
    ...{ split, pooled },
  });
  const cells = rows.flatMap((row) =>
    row.transfers.map(({ role, value, difference, low, high, p, verdict }) => [
      ...[row.over.toLowerCase(), row.name ?? '-', row.task, formatScore(row.joint)],
      ...[textOf(role), formatScore(value), formatScore(difference)],
      low === null || high === null ? '-' : `${formatScore(low)} to ${formatScore(high)}`,
      ...[formatScore(p), verdict.toLowerCase()],
    ]),
  );
  const columns = ['over', 'name', 'task', 'joint', 'beside', 'value', 'difference', '95 % interval', 'p', 'joint is'];
  print(command, rows, formatTable(columns, cells));
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
