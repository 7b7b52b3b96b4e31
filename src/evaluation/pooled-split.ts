/** A split as it would be if its corpus held nothing but the pooled documents. */
import type { TokenizedSplit } from '../tokens/types.ts';

/**
 * `pool`: positions of documents, ascending. Judged documents that the corpus lacks stay behind it; judged documents
 * outside of the pool go there, too, so that metrics count them as not found.
 */
export function pooledSplit(split: TokenizedSplit, pool: Uint32Array): TokenizedSplit {
  const { documents, judgements, identical } = split;
  const places = new Map(Array.from(pool, (position, place) => [position, place]));
  // Behind the pool every position is free: those of the whole corpus, moved by its length, stay distinct.
  const behind = (position: number): number => pool.length + position;
  return {
    ...split,
    documents: pool.map((position) => documents[position]!),
    judgements: { ...judgements, values: judgements.values.map((at) => places.get(at) ?? behind(at)) },
    identical: identical.map((position) => places.get(position) ?? -1),
  };
}
