/**
 * negativeTransfer: what training on both tasks at once costs or gains, beside models of one task and of two stages,
 * data set by data set, domain by domain and task by task (docs/method.md section 6). Several checkpoints of a role are
 * seeds, paired in order.
 */
import type { Split, Task } from '../../data/types.ts';
import { globalId } from '../../db/global-id.ts';
import type { DatasetRow, EvaluationRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { tInterval } from '../../evaluation/statistics/t-interval.ts';
import type { Comparison } from '../../evaluation/statistics/types.ts';
import type { Tandem } from '../tandem.ts';
import { compareRows, newestOf, notEvaluated } from './compare.ts';
import { datasetsOf } from './evaluate.ts';

export type TrainingRole = 'ir-only' | 'sts-only' | 'ir-then-sts' | 'sts-then-ir';

export interface TransferRequest {
  /** Checkpoints trained on both tasks at once, one per seed. */
  readonly jointIds: readonly string[];
  /** As many checkpoints each. */
  readonly others: readonly { readonly role: TrainingRole; readonly checkpointIds: readonly string[] }[];
  readonly datasetIds: readonly string[];
  readonly split: Split;
  readonly pooled: boolean;
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
}

export interface TransferRow {
  /** A data set, or the mean over all of a domain or of a task. */
  readonly over: 'dataset' | 'domain' | 'task';
  /** Name of the data set or of the domain; null for a task. */
  readonly name: string | null;
  readonly datasetId: string | null;
  readonly task: Task;
  readonly datasets: number;
  readonly seeds: number;
  /** Mean of the joint models' main figures. */
  readonly joint: number | null;
  readonly transfers: readonly Transfer[];
}

/** The main evaluations of a role: of each data set, one per seed. */
type Evaluated = ReadonlyMap<string, readonly EvaluationRow[]>;

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
  const datasets = await datasetsOf(tandem, request.datasetIds, request.split, 'datasets');
  const evaluatedBy = (ids: readonly string[], field: string): Promise<Evaluated> =>
    evaluationsOf(tandem, ids, datasets, request, field);
  const joint = await evaluatedBy(request.jointIds, 'joint');
  const others: Roles['others'][number][] = [];
  for (const [i, { role, checkpointIds }] of request.others.entries()) {
    others.push({ role, evaluated: await evaluatedBy(checkpointIds, `others.${i}.checkpoints`) });
  }
  const rows: TransferRow[] = [];
  for (const group of groupsOf(datasets)) rows.push(await rowOf(tandem, group, { joint, others }, seeds, signal));
  return rows;
}

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
  datasets: readonly DatasetRow[],
  request: TransferRequest,
  field: string,
): Promise<Evaluated> {
  const found = new Map<string, EvaluationRow[]>(datasets.map(({ id }) => [id, []]));
  for (const [i, id] of ids.entries()) {
    const newest = await newestOf(tandem, id, request);
    for (const dataset of datasets) {
      const row = newest.get(dataset.id);
      if (!row) throw notEvaluated(id, `the ${request.split} split of data set "${dataset.name}"`, `${field}.${i}`);
      found.get(dataset.id)!.push(row);
    }
  }
  return found;
}

type Group = Pick<TransferRow, 'over' | 'name' | 'task'> & { readonly members: readonly DatasetRow[] };

/** Every data set by itself, then the domains, then the tasks; domains and tasks apart by task. */
function groupsOf(datasets: readonly DatasetRow[]): Group[] {
  const single = datasets.map((row): Group => ({ over: 'dataset', name: row.name, task: row.task, members: [row] }));
  const domains = new Map<string, Group>();
  for (const { domain, task } of datasets) {
    if (domain === null) continue;
    const members = datasets.filter((row) => row.domain === domain && row.task === task);
    domains.set(JSON.stringify([domain, task]), { over: 'domain', name: domain, task, members });
  }
  const tasks = (['ir', 'sts'] as const).map(
    (task): Group => ({ over: 'task', name: null, task, members: datasets.filter((row) => row.task === task) }),
  );
  return [...single, ...domains.values(), ...tasks.filter(({ members }) => members.length > 0)];
}

async function rowOf(
  tandem: Tandem,
  { members, ...group }: Group,
  { joint, others }: Roles,
  seeds: number,
  signal: AbortSignal,
): Promise<TransferRow> {
  const ids = members.map(({ id }) => id);
  const ofJoint = seedMeans(joint, ids, seeds);
  const transfers: Transfer[] = [];
  for (const { role, evaluated } of others) {
    const ofRole = seedMeans(evaluated, ids, seeds);
    const tested =
      seeds === 1 && group.over === 'dataset'
        ? await compareRows(
            tandem,
            { reference: evaluated.get(ids[0]!)![0]!, candidate: joint.get(ids[0]!)![0]! },
            'ndcg_at_10',
            signal,
          )
        : overSeeds(ofJoint.map((value, seed) => minus(value, ofRole[seed] ?? null)));
    const { difference, low, high, p, verdict } = tested;
    transfers.push({ role, value: meanOf(ofRole), difference, low, high, p, verdict });
  }
  const datasetId = group.over === 'dataset' ? ids[0]! : null;
  return { ...group, datasetId, datasets: ids.length, seeds, joint: meanOf(ofJoint), transfers };
}

/** Of every seed the mean of the main figures over the data sets; null where one is undefined. */
const seedMeans = (evaluated: Evaluated, ids: readonly string[], seeds: number): (number | null)[] =>
  Array.from({ length: seeds }, (_, seed) =>
    meanOf(
      ids.map((id) => {
        const { main, metrics } = evaluated.get(id)![seed]!;
        return metrics[main] ?? null;
      }),
    ),
  );

function overSeeds(differences: readonly (number | null)[]): Omit<Transfer, 'role' | 'value'> {
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
