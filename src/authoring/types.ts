/** Input and result of creating or importing a model, and the settings of a new model. Plain data. */
import type { CatalogEntry } from '../catalog.ts';
import type { GivenParameters } from '../catalog-parameters.ts';
import type { Task } from '../data/types.ts';
import type { PublishedModel } from '../formats/types.ts';
import type { EncoderFamily } from '../model/families/catalog.ts';
import {
  type Heads,
  type ModelSpec,
  type Pooling,
  type PoolingMode,
  type PromptTemplates,
  poolingModes,
} from '../model/types.ts';

/** What a new model takes besides the sizes of its family. */
export const newModelSettings = {
  name: 'new-model',
  title: 'New model',
  description: 'Random weights, and a WordPiece vocabulary trained on imported text.',
  source: 'src/authoring/create-model.ts',
  parameters: [
    {
      name: 'vocabularySize',
      description: 'Largest number of tokens.',
      type: 'int',
      default: 4096,
      min: 64,
      max: 250_000,
    },
    {
      name: 'maxLength',
      description: 'The length of the longest text in tokens, at most maxPositions.',
      type: 'int',
      default: 512,
      min: 4,
      max: 32_768,
    },
    {
      name: 'pooling',
      description: "How token states become a text's vector.",
      type: 'choice',
      default: 'mean',
      choices: poolingModes,
    },
    { name: 'seed', description: 'Seed of the weights.', type: 'int', default: 1, min: 0, max: 4_294_967_295 },
  ],
} as const satisfies CatalogEntry;

export interface CreateModelInput {
  readonly family: EncoderFamily;
  /** Parameters of the family's catalog row; absent ones take their defaults. */
  readonly architecture: GivenParameters;
  readonly vocabularySize: number;
  /** Digests of the data sets whose train split the vocabulary is trained on. */
  readonly vocabularyFrom: readonly string[];
  readonly pooling: PoolingMode;
  readonly heads: Heads;
  readonly includePrompt: boolean;
  readonly templates: PromptTemplates;
  readonly maxLength: number;
  readonly seed: number;
}

/** What differs from the model whose weights are taken. */
export interface DeriveModelInput {
  /** Digest of the model's folder. */
  readonly model: string;
  readonly heads: Heads;
  /** As wide as the model's own, where layers follow whose weights are kept. */
  readonly pooling: Pooling;
  readonly includePrompt: boolean;
}

/** What a checkpoint with heads is for one task. */
export interface TaskModelRequest {
  /** Digest of the checkpoint's folder. */
  readonly model: string;
  readonly task: Task;
  /** The folder to fill, which is empty. */
  readonly folder: string;
}

/** A new model folder in storage, with its settings. */
export interface CreatedModel extends PublishedModel {
  readonly spec: ModelSpec;
}

/** A model that another program made. */
export interface ImportedModel extends CreatedModel {
  /** What is read otherwise elsewhere, in whole sentences. */
  readonly warnings: readonly string[];
}
