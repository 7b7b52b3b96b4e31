/** What an encoder family is besides its forward pass. One file per family, beside its row of the catalog. */

import type { JsonFile } from '../json-fields.ts';
import type { Architecture, ParameterShape } from '../types.ts';

/** Rates of dropout by their keys in config.json. */
export type DropoutRates = Readonly<Record<string, number>>;

/** `Values` are the parameters of the family's catalog row; never where the family is not known in advance. */
export interface Family<Values = never> {
  /** Name of its forward pass in nn/encoders/index.ts. Families whose blocks are the same share one. */
  readonly forward: string;
  readonly parameters: ParameterTable;
  readonly tensorNames: TensorNames;
  /**
   * Readers of transformers' config.json, by the values of model_type that this family covers. They throw for whatever
   * the forward pass would not compute as transformers does.
   */
  readonly configReaders: Readonly<Record<string, (file: JsonFile) => Architecture>>;
  /** pad_token_id of a config.json that has none, as in transformers; null = no token. */
  readonly defaultPadTokenId: number | null;
  /** config.json as transformers reads it; `dropout` has the rates by their keys in the catalog's row. */
  readonly writeConfig: (architecture: Architecture, dropout: DropoutRates) => object;
  /** The architecture of a new model; throws a BAD_USER_INPUT where its sizes do not go together. */
  readonly newArchitecture: (request: NewArchitecture<Values>) => Architecture;
}

// ---- parameters --------------------------------------------------------------------------------------------------

/** C, F, V, P (positions), S (segment types), D (head size), Q = H * D, K = G * D (keys), 3C and 2F of fused layers. */
export type Axis = 'C' | 'F' | 'V' | 'P' | 'S' | 'D' | 'Q' | 'K' | '3C' | '2F';

/** Which models have a parameter: those with this kind of bias; `not-first`: in all blocks but the first. */
export type Condition = 'attentionBias' | 'feedForwardBias' | 'normBias' | 'not-first' | 'normBias, not-first';

/** `when` absent = every model of the family has it. */
export type ParameterRow = readonly [
  name: string,
  axes: readonly Axis[],
  init: ParameterShape['init'],
  when?: Condition | undefined,
];

/** Names and axes of a family's parameters, in forward order. */
export interface ParameterTable {
  readonly embeddings: readonly ParameterRow[];
  /** Parameters of one block; `name` follows the block's prefix. */
  readonly block: readonly ParameterRow[];
  /** `{i}` is the block's number from 0. */
  readonly blockPrefix: string;
  /** Parameters after the last block. */
  readonly final: readonly ParameterRow[];
}

// ---- names in files ----------------------------------------------------------------------------------------------

/** How files of other programs spell the names of the parameter table. */
export interface TensorNames {
  /** What names of a whole model with a head begin with. */
  readonly prefixes: readonly string[];
  /** Endings that old files have, and those of the table. */
  readonly endings: readonly (readonly [old: string, current: string])[];
  /** Tensors that are no part of the encoder: heads, and buffers that are computed. Names without a prefix. */
  readonly ignored: RegExp;
}

// ---- new models --------------------------------------------------------------------------------------------------

export interface NewArchitecture<Values> {
  /** What every family has. */
  readonly sizes: Pick<Architecture, 'layers' | 'width' | 'heads' | 'innerWidth' | 'maxPositions' | 'vocabularySize'>;
  /** D, checked. */
  readonly headSize: number;
  /** The parameters of the family's catalog row. */
  readonly values: Values;
  /** Of the tokenizer. */
  readonly padTokenId: number;
}
