/** fuseCheckpoints and planFusion: checkpoints of one lineage into a new one, or what that would take. */
import { type GivenParameters, rowOf } from '../../catalog-parameters.ts';
import { globalId } from '../../db/global-id.ts';
import type { CheckpointRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import { type FusionEntry, fusionCatalog } from '../../fusion/catalog.ts';
import { readPlan } from '../../fusion/plan/read-plan.ts';
import { planText } from '../../fusion/plan/text.ts';
import type { FusionPlan, PlanSize } from '../../fusion/types.ts';
import { checkpointNames } from '../../jobs/kinds/common/checkpoint-names.ts';
import { type FusionRows, fusionInput } from '../../jobs/kinds/common/fusion-input.ts';
import { requireRow } from '../common/rows.ts';
import { checkList } from '../embedding/texts.ts';
import { type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';
import { ancestryOf } from './ancestors.ts';

/** A plan over checkpoints, which its inputs name by their places. */
export interface FuseRequest extends Pick<FusionPlan, 'method' | 'only' | 'inputs'> {
  readonly checkpointIds: readonly string[];
  readonly parameters?: GivenParameters | null;
  /** What each input of the root counts; absent = 1 each. */
  readonly weights?: readonly number[] | null;
  /** What the deltas are taken from; absent = the model that all descend from. */
  readonly baseId?: string | null;
  readonly idempotencyKey?: string | null;
  /** Where the caller's input has these; absent = in its own fields. */
  readonly fields?: RequestFields;
}

/** Paths in an input. */
interface RequestFields {
  readonly plan: string;
  readonly checkpoint: (place: number) => string;
}

const ownFields: RequestFields = { plan: 'input', checkpoint: (place) => `input.checkpoints.${place}` };

export async function fuseCheckpoints(tandem: Tandem, request: FuseRequest): Promise<Work<'fuse'>> {
  const { plan, modelId, baseId } = await readyFusion(tandem, request);
  const { checkpointIds, idempotencyKey } = request;
  const input = { ...plan, checkpointIds: [...checkpointIds], modelId, baseId };
  return workOf('fuse', { input, idempotencyKey });
}

/** What fuseCheckpoints with this input would do. */
export interface PlannedFusion extends PlanSize, FusionRows {
  /** The plan for people. */
  readonly text: string;
}

/** Checks the plan and the files of its models as the fusion does; reads no weights. */
export async function planFusion(tandem: Tandem, request: FuseRequest, signal: AbortSignal): Promise<PlannedFusion> {
  const ready = await readyFusion(tandem, request);
  const { db } = tandem.database;
  const size = await tandem.jobs.cpu.call('planFusion', await fusionInput(db, ready), { signal });
  return { ...ready, ...size, text: planText(ready.plan, await checkpointNames(db, ready.checkpoints)) };
}

async function readyFusion(tandem: Tandem, request: FuseRequest): Promise<FusionRows> {
  const { checkpointIds: ids, method, parameters, weights, only, inputs, fields = ownFields } = request;
  const { checkpoints: counts }: FusionEntry = rowOf(fusionCatalog, method, `${fields.plan}.method`);
  // A node that names no inputs merges all checkpoints.
  if (inputs === undefined) checkList(ids, tandem.config.limits, 'input.checkpoints', counts);
  const given = { method, parameters: parameters ?? {}, ...(weights && { weights }), ...(only && { only }) };
  const plan = readPlan({ ...given, ...(inputs && { inputs }) }, ids.length, fields.plan);
  const checkpoints = await parentsOf(tandem, ids, fields);
  const [first] = checkpoints;
  invariant(first, 'a fusion of nothing');
  const baseId = await baseOf(tandem, request.baseId ?? null, checkpoints, fields);
  return { plan, checkpoints, modelId: first.modelId, baseId };
}

/** The checkpoints of these ids, in order; throws where they are not of one lineage. */
export async function parentsOf(tandem: Tandem, ids: readonly string[], fields = ownFields): Promise<CheckpointRow[]> {
  const rows: CheckpointRow[] = [];
  for (const [i, id] of ids.entries()) {
    const field = fields.checkpoint(i);
    if (ids.indexOf(id) !== i) {
      throw badInput(`Checkpoint ${globalId('Checkpoint', id)} is named twice`, {
        field,
        expected: 'each checkpoint once',
        remedy: 'Name it once.',
      });
    }
    const row = await requireRow(tandem.database.db, 'checkpoints', id, field);
    const [first = row] = rows;
    if (row.modelId !== first.modelId) {
      const [own, other] = [row.id, first.id].map((key) => globalId('Checkpoint', key));
      throw badInput(`Checkpoint ${own} descends from another model than checkpoint ${other}`, {
        field,
        expected: 'checkpoints of one model (one theta_0)',
        remedy: 'Fuse checkpoints of runs that were started from the same model.',
      });
    }
    rows.push(row);
  }
  return rows;
}

/** Throws where one of the checkpoints does not descend from the base. Null = the base is their model itself. */
export async function baseOf(
  { database: { db } }: Tandem,
  id: string | null,
  checkpoints: readonly CheckpointRow[],
  fields = ownFields,
): Promise<string | null> {
  if (id === null) return null;
  const base = await requireRow(db, 'checkpoints', id, 'input.base');
  const { digest: root } = await requireRow(db, 'models', base.modelId, 'input.base');
  // By digests: checkpoint 0 of a run from the model is the model's own folder.
  const isModel = base.digest === root;
  for (const [i, checkpoint] of checkpoints.entries()) {
    if ((isModel && base.modelId === checkpoint.modelId) || (await ancestryOf(db, checkpoint)).has(base.digest))
      continue;
    const [own, other] = [checkpoint.id, id].map((key) => globalId('Checkpoint', key));
    throw badInput(`Checkpoint ${own} does not descend from the base, checkpoint ${other}`, {
      field: fields.checkpoint(i),
      expected: 'checkpoints of runs that started from the base, or from its descendants',
      remedy: 'Leave the base out to take the deltas from the model, or name an ancestor of all checkpoints.',
    });
  }
  return isModel ? null : id;
}
