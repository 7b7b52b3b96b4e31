/** The rates of dropout of a model's own config.json, with which it is trained where a run names no others. */
import { rowOf } from '../../catalog-parameters.ts';
import type { ModelRow } from '../../db/schema.ts';
import { encoderCatalog } from '../../model/families/catalog.ts';
import type { ModelDropout } from '../../model/types.ts';

export function dropoutOf({ family, pipeline }: Pick<ModelRow, 'family' | 'pipeline'>): ModelDropout {
  if (pipeline.dropout) return pipeline.dropout;
  const { activations, usual } = rowOf(encoderCatalog, family, 'family').dropout;
  return { dropout: activations.length === 0 ? 0 : usual, attentionDropout: usual };
}
