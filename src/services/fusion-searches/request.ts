/** What a search for the best fusion is asked for, checked: before anything is read or written. */
import { eq, inArray } from 'drizzle-orm';
import type { SearchRequest, SearchSet } from '../../db/schema/types.ts';
import { type CheckpointRow, type DatasetRow, datasets, runDatasets } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import { type FusionEntry, type FusionMethod, fusionCatalog } from '../../fusion/catalog.ts';
import { planLimits } from '../../fusion/plan/read-plan.ts';
import type { SearchStrategy } from '../../fusion/search/catalog.ts';
import { baseOf, parentsOf } from '../checkpoints/fuse.ts';
import { checkList } from '../embedding/texts.ts';
import {
  checkWeights,
  type DevSetRequest,
  devSetsOf,
  ownWeights,
  type ReadyDevSet,
  splitsOf,
} from '../runs/dev-request.ts';
import type { Tandem } from '../tandem.ts';
import { groupingsOf } from './groupings.ts';

export interface FusionSearchRequest {
  readonly checkpointIds: readonly string[];
  readonly baseId?: string | null;
  readonly devSets: readonly DevSetRequest[];
  readonly testSets: readonly Omit<DevSetRequest, 'split'>[];
  readonly weights?: SearchRequest['weights'] | null;
  readonly strategy: SearchStrategy;
  /** Absent = all of the catalog that take so many checkpoints. */
  readonly methods?: readonly FusionMethod[] | null;
  readonly budget: number;
  readonly minutes?: number | null;
  readonly seed: number;
  readonly idempotencyKey?: string | null;
}

export interface ReadySearch {
  readonly modelId: string;
  readonly request: SearchRequest;
}

export async function readySearch(tandem: Tandem, given: FusionSearchRequest): Promise<ReadySearch> {
  const { strategy, budget, minutes = null, seed } = given;
  checkList(given.checkpointIds, tandem.config.limits, 'input.checkpoints', { min: 2, max: planLimits.inputs });
  checkBudget(budget, given.checkpointIds.length);
  const checkpoints = await parentsOf(tandem, given.checkpointIds);
  const [first] = checkpoints;
  invariant(first, 'a search over nothing');
  const baseId = await baseOf(tandem, given.baseId ?? null, checkpoints);
  const methods = methodsOf(given, checkpoints.length);
  const dev = await readyDevSets(tandem, given, checkpoints);
  const test = given.testSets.map((set) => ({ ...set, split: 'test' }) as const);
  const testSets = await splitsOf(tandem, test, [], 'input.testSets');
  const weights = checkWeights(given.weights ?? ownWeights(dev.map(({ row }) => row)), dev, 'input.weights');
  return {
    modelId: first.modelId,
    request: {
      ...{ checkpointIds: checkpoints.map(({ id }) => id), baseId, weights },
      ...{ devSets: dev.map(storedSet), testSets: testSets.map(storedSet) },
      ...{ strategy, methods, groupings: await groupingsOf(tandem, checkpoints), budget, minutes, seed },
    },
  };
}

/** Every checkpoint is tried as it is before anything is fused. */
function checkBudget(budget: number, checkpoints: number): void {
  if (budget > checkpoints) return;
  throw badInput(`A search of ${budget} candidates over ${checkpoints} checkpoints would fuse nothing`, {
    field: 'input.budget',
    expected: `more candidates than checkpoints, each of which is tried by itself first: ${checkpoints + 1} or more`,
    remedy: 'Raise the budget, or name fewer checkpoints.',
  });
}

const storedSet = ({ row: { id: datasetId }, split, pooled }: ReadyDevSet): SearchSet => ({ datasetId, split, pooled });

/** At least one. */
async function readyDevSets(
  tandem: Tandem,
  { devSets }: FusionSearchRequest,
  checkpoints: readonly CheckpointRow[],
): Promise<readonly ReadyDevSet[]> {
  if (devSets.length === 0) {
    throw badInput('No dev set is named', {
      field: 'input.devSets',
      expected: 'at least one dev set',
      remedy: 'Name dev splits; name the data sets whose test splits are to be read at the end as testSets.',
    });
  }
  return devSetsOf(tandem, devSets, await trainedOn(tandem, checkpoints));
}

/** The data sets of the runs that made the checkpoints. */
async function trainedOn({ database: { db } }: Tandem, checkpoints: readonly CheckpointRow[]): Promise<DatasetRow[]> {
  const runIds = checkpoints.flatMap(({ runId }) => runId ?? []);
  if (runIds.length === 0) return [];
  const rows = await db
    .select({ dataset: datasets })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(inArray(runDatasets.runId, runIds));
  return rows.map(({ dataset }) => dataset);
}

/** In the order of the catalog, each once. */
function methodsOf({ methods }: FusionSearchRequest, checkpoints: number): FusionMethod[] {
  const rows: readonly FusionEntry[] = fusionCatalog;
  const fitting = rows.filter(({ checkpoints: { min } }) => min <= checkpoints).map(({ name }) => name as FusionMethod);
  if (!methods) return fitting;
  const wrong = methods.findIndex((name) => !fitting.includes(name));
  if (methods.length === 0 || wrong >= 0) {
    throw badInput(wrong < 0 ? 'No method is named' : `${methods[wrong]} does not take ${checkpoints} checkpoints`, {
      field: wrong < 0 ? 'input.methods' : `input.methods.${wrong}`,
      expected: `at least one of ${fitting.join(', ')}`,
      remedy: 'Leave the methods out to search over all of them.',
    });
  }
  return fitting.filter((name) => methods.includes(name));
}
