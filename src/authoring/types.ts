/** Input and result of creating or importing a model. Plain types. */
import type { GivenParameters } from '../catalog-parameters.ts';
import type { PublishedModel } from '../formats/types.ts';
import type { EncoderFamily } from '../model/families/catalog.ts';
import type { ModelSpec, PoolingMode, PromptTemplates } from '../model/types.ts';

export interface CreateModelInput {
  readonly family: EncoderFamily;
  /** Parameters of the family's catalog row; absent ones take their defaults. */
  readonly architecture: GivenParameters;
  readonly vocabularySize: number;
  /** Digests of the data sets whose train split the vocabulary is trained on. */
  readonly vocabularyFrom: readonly string[];
  readonly pooling: PoolingMode;
  readonly includePrompt: boolean;
  readonly templates: PromptTemplates;
  readonly maxLength: number;
  readonly seed: number;
}

/** A new model folder in storage, with its settings. */
export interface CreatedModel extends PublishedModel {
  readonly spec: ModelSpec;
}
