/** What each unit of an evaluation got: a query of retrieval, or a pair of similarity. Plain types. */
import type { Split } from '../../data/types.ts';
import type { EvaluationFigures } from '../types.ts';

/** The figures that are kept of each query. */
export const queryFigures = [
  ...(['ndcg_at_10', 'ndcg_at_100', 'map', 'mrr'] as const),
  ...(['recall_at_10', 'recall_at_100', 'recall_at_1000', 'precision_at_10'] as const),
] as const;
export type QueryFigure = (typeof queryFigures)[number];

/** Documents that are kept of each query's ranking. */
export const hitDepth = 10;

/** The best documents of each query. */
interface HitLists {
  /** [N + 1] first hit of each query; the last entry is H. */
  readonly starts: Uint32Array;
  /** [H] positions among the documents that were searched, the best of each query first. */
  readonly documents: Uint32Array;
  /** [H] */
  readonly scores: Float32Array;
  /** [H] relevance of the documents; 0 = not relevant, or not judged. */
  readonly grades: Float32Array;
}

export interface MeasuredQueries {
  readonly task: 'ir';
  /** [N] of each figure. */
  readonly values: Readonly<Record<QueryFigure, Float64Array>>;
  readonly hits: HitLists;
}

export interface MeasuredPairs {
  readonly task: 'sts';
  /** [N] */
  readonly cosines: Float64Array;
  /** [N] in 0..1, rounded to f32. */
  readonly grades: Float64Array;
}

/** Units without their names, in the order of the records that count. */
export type MeasuredUnits = MeasuredQueries | MeasuredPairs;

/** The figures of a split, and of what they are made. */
export interface MeasuredSplit extends EvaluationFigures {
  readonly units: MeasuredUnits;
}

/** A split whose units are to be kept. */
export interface PublishUnitsInput {
  /** Digest of the data set version. */
  readonly dataset: string;
  readonly split: Split;
  /** A pooled corpus: positions of the documents that were searched, ascending; absent = all. */
  readonly pool?: Uint32Array;
  /** All of the same records. */
  readonly measured: readonly MeasuredUnits[];
}

/** A document that a search found. */
export interface Hit {
  readonly id: string;
  /** Number of the document in the order of its data set's file, among those of the split. */
  readonly document: number;
  readonly score: number;
  /** Relevance; 0 = not relevant, or not judged. */
  readonly grade: number;
}

interface KeptUnits {
  /** [N] the records' own ids. */
  readonly ids: readonly string[];
  /** [N] numbers of the records in their split. */
  readonly records: Uint32Array;
}

export interface QueryUnits extends KeptUnits {
  readonly task: 'ir';
  /** [N] of each figure. */
  readonly values: Readonly<Record<QueryFigure, Float64Array>>;
  /** [N] up to {@link hitDepth} documents of each query, the best first. */
  readonly hits: readonly (readonly Hit[])[];
}

export interface PairUnits extends KeptUnits {
  readonly task: 'sts';
  /** [N] */
  readonly cosines: Float64Array;
  /** [N] in 0..1, rounded to f32. */
  readonly grades: Float64Array;
}

/** Units as they are kept. */
export type Units = QueryUnits | PairUnits;
