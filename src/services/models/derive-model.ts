/** deriveModel: the weights of a model with other heads, or with another pooling, as a model of its own. */
import type { ModelRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { type Heads, noHeads, type PoolingMode } from '../../model/types.ts';
import { requireRow } from '../common/rows.ts';
import { type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';
import { poolsOneToken } from './create-model.ts';
import { initialCheckpoint } from './models.ts';

export interface DeriveModelRequest {
  readonly name: string;
  readonly modelId: string;
  /** Absent or null = as the model. */
  readonly heads?: Heads | null;
  /** One mode, or several whose vectors are joined; absent or null = as the model. */
  readonly pooling?: readonly PoolingMode[] | null;
  /** Absent or null = yes where `pooling` takes one token, else as the model. */
  readonly includePrompt?: boolean | null;
  readonly idempotencyKey?: string | null;
}

/** Checks the request. The model itself stays as it is. */
export async function deriveModel(
  tandem: Tandem,
  { modelId, idempotencyKey, ...request }: DeriveModelRequest,
): Promise<Work<'derive-model'>> {
  const source = await requireRow(tandem.database.db, 'models', modelId, 'input.model');
  const pooling = [...(request.pooling ?? source.pooling)];
  const heads = request.heads ?? headsOf(source);
  checkPooling(source, pooling, heads, 'input.pooling');
  const includePrompt = request.includePrompt ?? (source.includePrompt || poolsOneToken(request.pooling ?? []));
  const checkpointId = await initialCheckpoint(tandem, modelId);
  const input = { name: request.name.trim(), modelId, checkpointId, heads, pooling, includePrompt };
  return workOf('derive-model', { input, idempotencyKey });
}

/** Models of before 0.3.0 have none. */
export const headsOf = ({ pipeline }: Pick<ModelRow, 'pipeline'>): Heads => pipeline.heads ?? noHeads;

/** Several modes make longer vectors than one: layers that are kept would not fit them. */
export function checkPooling(source: ModelRow, pooling: readonly PoolingMode[], heads: Heads, field: string): void {
  if (pooling.length === 0 || new Set(pooling).size !== pooling.length) {
    throw badInput(`${field} has ${pooling.length} modes, of which ${new Set(pooling).size} differ`, {
      field,
      expected: 'at least one mode, each once',
      remedy: 'Name each mode once.',
    });
  }
  const before = headsOf(source);
  const keepsHead = (['ir', 'sts'] as const).some((task) => before[task] === 'dense' && heads[task] === 'dense');
  if (pooling.length === source.pooling.length || (source.pipeline.dense.length === 0 && !keepsHead)) return;
  throw badInput(`The layers of model "${source.name}" read vectors of ${source.pooling.length} pooling modes`, {
    field,
    expected: `${source.pooling.length} modes, as many as the model has`,
    remedy: 'Name as many modes, or derive from a model without dense layers and heads.',
  });
}
