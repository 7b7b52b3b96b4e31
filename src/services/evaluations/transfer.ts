/**
 * negativeTransfer: what training on both tasks at once costs or gains, beside models of one task and of two stages,
 * data set by data set, domain by domain and task by task (docs/method.md section 6). Several checkpoints of a role are
 * seeds, paired in order.
 */
import type { Split, Task } from '../../data/types.ts';
import { globalId } from '../../db/global-id.ts';
import type { EvaluationRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { tInterval } from '../../evaluation/statistics/t-interval.ts';
import type { Comparison } from '../../evaluation/statistics/types.ts';
import { type HasNotSeen, unseenBy } from '../checkpoints/overlap.ts';
import type { SuiteEntry } from '../suites/entries.ts';
import type { Tandem } from '../tandem.ts';
import { compareRows, notEvaluated } from './compare.ts';
import { newestOn, type SplitsRequest, splitsOf, splitText } from './splits.ts';

export type TrainingRole = 'ir-only' | 'sts-only' | 'ir-then-sts' | 'sts-then-ir';

export interface TransferRequest extends SplitsRequest {
  /** Checkpoints trained on both tasks at once, one per seed. */
  readonly jointIds: readonly string[];
  /** As many checkpoints each. */
  readonly others: readonly { readonly role: TrainingRole; readonly checkpointIds: readonly string[] }[];
}

/** The joint models minus those of a role. */
export interface Transfer {
  readonly role: TrainingRole;
  /** Mean of the role's main figures; null where one is undefined. */
  readonly value: number | null;
  readonly difference: number | null;
  /** 95 %: Student's t over the seeds; of one seed, the bootstrap over the units of a data set. */
  readonly low: number | null;
  readonly high: number | null;
  /** Of one seed on a data set; null otherwise. */
  readonly p: number | null;
  readonly verdict: Comparison['verdict'];
  /** Whether the splits of the row share nothing with what the models of the role have learnt from. */
  unseen(): Promise<boolean>;
}

export interface TransferRow {
  /** A split of a data set, or the mean over all of a domain or of a task. */
  readonly over: 'dataset' | 'domain' | 'task';
  /** Name of the data set or of the domain; null for a task. */
  readonly name: string | null;
  /** Null over several. */
  readonly datasetId: string | null;
  readonly split: Split | null;
  readonly task: Task;
  readonly datasets: number;
  readonly seeds: number;
  /** Mean of the joint models' main figures. */
  readonly joint: number | null;
  readonly transfers: readonly Transfer[];
  /** Whether the splits share nothing with what the joint models have learnt from. */
  unseen(): Promise<boolean>;
}

/** The models of a role: of each split their main evaluations, one per seed. */
interface Evaluated {
  readonly on: ReadonlyMap<SuiteEntry, readonly EvaluationRow[]>;
  readonly hasNotSeen: HasNotSeen;
}

interface Roles {
  readonly joint: Evaluated;
  readonly others: readonly { readonly role: TrainingRole; readonly evaluated: Evaluated }[];
}

export async function negativeTransfer(
  tandem: Tandem,
  request: TransferRequest,
  signal: AbortSignal,
): Promise<TransferRow[]> {
  const seeds = request.jointIds.length;
  checkRoles(request);
  const splits = await splitsOf(tandem, request);
  if (splits === null) throw noSplits();
  const evaluatedBy = async (ids: readonly string[], field: string): Promise<Evaluated> => ({
    on: await evaluationsOf(tandem, ids, splits, field),
    hasNotSeen: unseenBy(tandem, ids, signal),
  });
  const joint = await evaluatedBy(request.jointIds, 'joint');
  const others: Roles['others'][number][] = [];
  for (const [i, { role, checkpointIds }] of request.others.entries()) {
    others.push({ role, evaluated: await evaluatedBy(checkpointIds, `others.${i}.checkpoints`) });
  }
  const rows: TransferRow[] = [];
  for (const group of groupsOf(splits)) rows.push(await rowOf(tandem, group, { joint, others }, seeds, signal));
  return rows;
}

const noSplits = () =>
  badInput('Nothing is named that the models are compared on', {
    field: 'datasets',
    expected: 'data sets, or a suite',
    remedy: 'Name what all models were evaluated on.',
  });

function checkRoles({ jointIds, others }: TransferRequest): void {
  if (jointIds.length === 0)
    throw badInput('No joint checkpoint is named', { field: 'joint', expected: 'one per seed' });
  if (others.length === 0) {
    throw badInput('Nothing is named to compare with', { field: 'others', expected: 'one role or more' });
  }
  others.forEach(({ role, checkpointIds }, i) => {
    if (others.findIndex((other) => other.role === role) !== i) {
      throw badInput(`The role ${role} is named twice`, { field: `others.${i}.role`, expected: 'each role once' });
    }
    if (checkpointIds.length === jointIds.length) return;
    throw badInput(`There are ${checkpointIds.length} checkpoints of ${role} and ${jointIds.length} joint ones`, {
      field: `others.${i}.checkpoints`,
      expected: 'as many as joint ones, in the order of their seeds',
      remedy: 'Name one checkpoint of every role for each seed.',
    });
  });
  refuseRepeats([
    [jointIds, 'joint'],
    ...others.map(({ checkpointIds }, i) => [checkpointIds, `others.${i}.checkpoints`] as const),
  ]);
}

/** One checkpoint twice would count as two seeds without any difference. */
function refuseRepeats(lists: readonly (readonly [ids: readonly string[], field: string])[]): void {
  const seen = new Set<string>();
  for (const [ids, field] of lists) {
    for (const [i, id] of ids.entries()) {
      if (seen.has(id)) {
        throw badInput(`Checkpoint ${globalId('Checkpoint', id)} is named twice`, {
          field: `${field}.${i}`,
          expected: 'each checkpoint once, over all roles',
          remedy: 'Name the checkpoint of another seed.',
        });
      }
      seen.add(id);
    }
  }
}

async function evaluationsOf(
  tandem: Tandem,
  ids: readonly string[],
  splits: readonly SuiteEntry[],
  field: string,
): Promise<Evaluated['on']> {
  const found = new Map(splits.map((entry) => [entry, [] as EvaluationRow[]]));
  for (const [i, id] of ids.entries()) {
    const newest = await newestOn(tandem, id, splits);
    for (const [at, entry] of splits.entries()) {
      const row = newest[at];
      if (!row) throw notEvaluated(id, splitText(entry), `${field}.${i}`);
      found.get(entry)!.push(row);
    }
  }
  return found;
}

type Group = Pick<TransferRow, 'over' | 'name' | 'task'> & { readonly members: readonly SuiteEntry[] };

/** Every split by itself, then the domains, then the tasks; domains and tasks apart by task. */
function groupsOf(splits: readonly SuiteEntry[]): Group[] {
  const single = splits.map((entry): Group => {
    const { name, task } = entry.dataset;
    return { over: 'dataset', name, task, members: [entry] };
  });
  const domains = new Map<string, Group>();
  for (const { domain, dataset } of splits) {
    if (domain === null) continue;
    const { task } = dataset;
    const members = splits.filter((entry) => entry.domain === domain && entry.dataset.task === task);
    domains.set(JSON.stringify([domain, task]), { over: 'domain', name: domain, task, members });
  }
  const tasks = (['ir', 'sts'] as const).map((task): Group => {
    const members = splits.filter(({ dataset }) => dataset.task === task);
    return { over: 'task', name: null, task, members };
  });
  return [...single, ...domains.values(), ...tasks.filter(({ members }) => members.length > 0)];
}

async function rowOf(
  tandem: Tandem,
  { members, ...group }: Group,
  { joint, others }: Roles,
  seeds: number,
  signal: AbortSignal,
): Promise<TransferRow> {
  const ofJoint = seedMeans(joint, members, seeds);
  const [only] = group.over === 'dataset' ? members : [];
  const transfers: Transfer[] = [];
  for (const { role, evaluated } of others) {
    const ofRole = seedMeans(evaluated, members, seeds);
    const tested =
      seeds === 1 && only
        ? await compareRows(
            tandem,
            { reference: evaluated.on.get(only)![0]!, candidate: joint.on.get(only)![0]! },
            'ndcg_at_10',
            signal,
          )
        : overSeeds(ofJoint.map((value, seed) => minus(value, ofRole[seed] ?? null)));
    const { difference, low, high, p, verdict } = tested;
    const unseen = () => evaluated.hasNotSeen(members);
    transfers.push({ role, value: meanOf(ofRole), difference, low, high, p, verdict, unseen });
  }
  return {
    ...group,
    ...{ datasetId: only?.dataset.id ?? null, split: only?.split ?? null },
    ...{ datasets: members.length, seeds, joint: meanOf(ofJoint), transfers },
    unseen: () => joint.hasNotSeen(members),
  };
}

/** Of every seed the mean of the main figures over the splits; null where one is undefined. */
const seedMeans = ({ on }: Evaluated, members: readonly SuiteEntry[], seeds: number): (number | null)[] =>
  Array.from({ length: seeds }, (_, seed) =>
    meanOf(
      members.map((entry) => {
        const { main, metrics } = on.get(entry)![seed]!;
        return metrics[main] ?? null;
      }),
    ),
  );

function overSeeds(differences: readonly (number | null)[]): Omit<Transfer, 'role' | 'value' | 'unseen'> {
  const defined = differences.filter((value) => value !== null);
  const interval = defined.length === differences.length ? tInterval(defined) : null;
  if (!interval) return { difference: null, low: null, high: null, p: null, verdict: 'undecided' };
  const { mean, half } = interval;
  if (half === null) return { difference: mean, low: null, high: null, p: null, verdict: 'undecided' };
  const [low, high] = [mean - half, mean + half];
  return { difference: mean, low, high, p: null, verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'undecided' };
}

const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);

function meanOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return values.length === 0 ? null : sum / values.length;
}
