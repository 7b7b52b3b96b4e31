/** What nn is told from outside, as plain data: packed texts, the shape of an encoder, a source of weights. */
import type { ModelSpec, ParameterShape } from '../formats/types.ts';

/** Token ids of texts, packed without padding. The same shape as the protocol's EncodedTexts. */
export interface PackedTexts {
  /** [T] token ids of all texts, one after the other. */
  readonly ids: Uint32Array;
  /** [B+1] where each text begins; the last entry is T. */
  readonly cumulative: Uint32Array;
  /** [B] first token of each text that is pooled, counted from the text's own first token. */
  readonly poolStart: Uint32Array;
}

/** What decides an encoder's arithmetic besides its weights: the part of a model folder's spec that nn reads. */
export type EncoderSpec = Pick<ModelSpec, 'family' | 'architecture' | 'pooling'> &
  /** Absent = no dense layers, unit vectors. */
  Partial<Pick<ModelSpec, 'dense' | 'normalize'>>;

/** A parameter tensor by name. */
export type TensorShape = Pick<ParameterShape, 'name' | 'shape' | 'parts'>;

/** Where weights come from, for example a model folder's safetensors. */
export interface TensorSource {
  /** The tensor's values, row-major. Rejects when it is missing or of another shape. */
  read(name: string, shape: readonly number[]): Promise<Float32Array>;
}

/** Dropout of one training step; the stream of random numbers is keyed by (seed, step, site, sample, position, channel). */
export interface DropoutSettings {
  /** Probability of dropping an activation. */
  readonly rate: number;
  /** Probability of dropping an attention weight. */
  readonly attentionRate: number;
  readonly seed: number;
  /** The update that is being made, from 1. */
  readonly step: number;
}
