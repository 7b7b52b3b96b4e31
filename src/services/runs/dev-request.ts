/** What a request to train says about evaluation while it trains: dev sets found, weights of the joint score chosen. */
import type { Split, Task } from '../../data/types.ts';
import type { DatasetRow } from '../../db/schema.ts';
import { badInput, conflict } from '../../errors.ts';
import type { DevSettings } from '../../train/catalog.ts';
import { requireRow } from '../common/rows.ts';
import { requireCorpus, requireRecords } from '../datasets/split.ts';
import { checkList } from '../embedding/texts.ts';
import type { Tandem } from '../tandem.ts';

export interface DevSetRequest {
  readonly datasetId: string;
  readonly split: Split;
  readonly pooled: boolean;
}

export interface DevSettingsRequest {
  readonly everySteps?: number | null;
  readonly patience?: number | null;
  readonly minDelta: number;
  readonly weights?: DevSettings['weights'] | null;
}

export interface ReadyDevSet {
  readonly row: DatasetRow;
  readonly split: Split;
  readonly pooled: boolean;
}

const tasks = ['ir', 'sts'] as const satisfies readonly Task[];

/**
 * Splits to choose by. None is a test split: whoever chooses by records has seen them, and a figure on them afterwards
 * is no test (docs/method.md, section 6). `trained`: the data sets that the run trains on.
 */
export async function devSetsOf(
  tandem: Tandem,
  requests: readonly DevSetRequest[],
  trained: readonly DatasetRow[],
): Promise<readonly ReadyDevSet[]> {
  const list = 'input.devSets';
  const sets = await splitsOf(tandem, requests, trained, list);
  const test = sets.findIndex(({ split }) => split === 'test');
  if (test < 0) return sets;
  throw badInput(`The test split of data set "${sets[test]?.row.name}" is named as a dev set`, {
    field: `${list}.${test}.split`,
    expected: 'a split that no result is measured on',
    remedy: 'Name its dev split; where it has none, import the data set again with one (devShare).',
  });
}

/** Splits of data sets as a request names them, in the list `list`. */
export async function splitsOf(
  tandem: Tandem,
  requests: readonly DevSetRequest[],
  trained: readonly DatasetRow[],
  list: string,
): Promise<readonly ReadyDevSet[]> {
  checkList(requests, tandem.config.limits, list, { min: 0 });
  const found: ReadyDevSet[] = [];
  for (const [i, { datasetId, split, pooled }] of requests.entries()) {
    const field = `${list}.${i}`;
    const row = await requireRow(tandem.database.db, 'datasets', datasetId, `${field}.dataset`);
    if (found.some((other) => other.row.name === row.name && other.split === split)) {
      throw conflict(`The ${split} split of data set "${row.name}" is named twice`, {
        field: `${field}.dataset`,
        expected: 'each split of a data set once',
        remedy: 'Leave one of them out.',
      });
    }
    checkSplit({ row, split, pooled }, trained, field);
    found.push({ row, split, pooled });
  }
  return found;
}

function checkSplit({ row, split, pooled }: ReadyDevSet, trained: readonly DatasetRow[], field: string): void {
  requireRecords(row, split, `${field}.split`);
  if (split === 'train' && trained.some(({ digest }) => digest === row.digest)) {
    throw badInput(`The run trains on the train split of data set "${row.name}"`, {
      field: `${field}.split`,
      expected: 'records that the run does not train on',
      remedy: 'Name its dev split, or another data set.',
    });
  }
  if (pooled) requireCorpus(row, `${field}.pooled`);
}

/** The settings with the weights that take effect; null = the run is not evaluated. */
export function devSettingsOf(
  request: DevSettingsRequest | null | undefined,
  sets: readonly ReadyDevSet[],
  trained: readonly DatasetRow[],
): DevSettings | null {
  if (sets.length === 0) {
    if (!request) return null;
    throw badInput('The settings say how to evaluate while training, and no dev set is named', {
      field: 'input.devSets',
      expected: 'at least one dev set',
      remedy: 'Name dev sets, or leave settings.dev out.',
    });
  }
  const { everySteps, patience, minDelta = 0, weights } = request ?? {};
  return {
    ...{ everySteps: everySteps ?? null, patience: patience ?? null, minDelta },
    weights: checkWeights(weights ?? ownWeights(trained), sets, 'input.settings.dev.weights'),
  };
}

/** Both tasks alike where both are there; a run of one task selects by that task alone. */
export function ownWeights(datasets: readonly DatasetRow[]): DevSettings['weights'] {
  const [ir, sts] = tasks.map((task) => (datasets.some((row) => row.task === task) ? 1 : 0)) as [number, number];
  return { ir: ir / (ir + sts), sts: sts / (ir + sts) };
}

/** Only weights that sum to 1, none negative, and of tasks that have a dev set. `field`: where they are given. */
export function checkWeights(
  weights: DevSettings['weights'],
  sets: readonly ReadyDevSet[],
  field: string,
): DevSettings['weights'] {
  if (!(weights.ir >= 0 && weights.sts >= 0 && Math.abs(weights.ir + weights.sts - 1) <= 1e-9)) {
    throw badInput(`The weights of the joint score are ${weights.ir} and ${weights.sts}`, {
      field,
      expected: 'two numbers from 0 to 1 whose sum is 1',
      remedy: 'Set sts to 1 - ir.',
    });
  }
  for (const task of tasks) {
    if (weights[task] === 0 || sets.some(({ row }) => row.task === task)) continue;
    throw badInput(`The joint score weighs ${task.toUpperCase()}, and no dev set is one of ${task.toUpperCase()}`, {
      field: 'input.devSets',
      expected: 'a dev set of every task that has a weight',
      remedy: `Name a dev set of ${task.toUpperCase()}, or set ${field.replace('input.', '')}.${task} to 0.`,
    });
  }
  return weights;
}
