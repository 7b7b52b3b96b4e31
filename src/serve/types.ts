/** Inputs and results of what a device thread does besides training. Plain types and typed arrays. */
import type { Split, Task } from '../data/types.ts';
import type { NamedTensor } from '../model/types.ts';
import type { PackedTexts } from '../tokens/types.ts';

/** Row-major vectors. */
export interface VectorRows {
  /** [count, dimension] */
  readonly data: Float32Array;
  readonly count: number;
  readonly dimension: number;
}

export interface EncodeInput {
  /** Digest of a model folder. */
  readonly model: string;
  readonly texts: PackedTexts;
  /** Whose head makes the vectors, in models that have one. */
  readonly task: Task;
  /** True: vectors of length 1 whatever the model says. Absent: as the model's pipeline gives them. */
  readonly unit?: boolean;
}

/** What is evaluated on. */
export interface SplitOfTokens {
  /** Key of the data set version's token file for the model. */
  readonly tokens: string;
  readonly split: Split;
  /** A pooled corpus: positions of the documents that are searched, ascending; absent = all documents of the split. */
  readonly pool?: Uint32Array;
}

export interface EvaluateInput extends SplitOfTokens {
  /** Digest of a model folder. */
  readonly model: string;
  /** Figures for each of these numbers of first components; absent = for whole vectors. */
  readonly dimensions?: readonly number[];
}

/** Weights of a model that lie in no folder, and where they are put. */
export interface GivenWeights {
  /** Names an encoder on the device; weights that are given for it take the place of those before. */
  readonly place: string;
  /** Digest of the folder of a model of the same shape and settings. */
  readonly model: string;
  /** Every parameter of the model. */
  readonly tensors: readonly NamedTensor[];
}

/** A collection's vectors in a file. */
export interface SegmentRequest {
  /** Changes whenever the content does. */
  readonly key: string;
  readonly path: string;
  /** Of the file, hex. */
  readonly sha256: string;
  readonly count: number;
  readonly dimension: number;
}

export interface SearchInput {
  readonly segment: SegmentRequest;
  readonly queries: VectorRows;
  /** Hits of each query at most. */
  readonly k: number;
}
