/** Inputs and results of nn as plain data: the shape of an encoder, a source of weights, the hits of a search. */
import type { ModelSpec, ParameterShape } from '../model/types.ts';

/** What decides an encoder's arithmetic besides its weights: the part of a model folder's spec that nn reads. */
export type EncoderSpec = Pick<ModelSpec, 'family' | 'architecture' | 'pooling'> &
  /** Absent = no dense layers, no heads, unit vectors. */
  Partial<Pick<ModelSpec, 'dense' | 'heads' | 'normalize'>>;

/** A parameter tensor by name. */
export type TensorShape = Pick<ParameterShape, 'name' | 'shape' | 'parts'>;

/** Where weights come from, for example a model folder's safetensors. */
export interface TensorSource {
  /** The tensor's values, row-major. Rejects when it is missing or of another shape. */
  read(name: string, shape: readonly number[]): Promise<Float32Array>;
}

/**
 * Dropout of one training step; the stream of random numbers is keyed by (seed, step, site, sample, position, channel).
 */
export interface DropoutSettings {
  /** Probability of dropping an activation. */
  readonly rate: number;
  /** Probability of dropping an attention weight. */
  readonly attentionRate: number;
  readonly seed: number;
  /** The update that is being made, from 1. */
  readonly step: number;
}

/** What an exact search found. Q queries, k hits of each. */
export interface Neighbours {
  /** [Q, k] row numbers, best first; ties by the smaller row. */
  readonly rows: Uint32Array;
  /** [Q, k] dot products. */
  readonly scores: Float32Array;
  /** Hits of each query. */
  readonly k: number;
}
