/**
 * What the main thread and its worker threads say to each other. Commands go down, events and one answer come up; plain
 * data and typed arrays only. `jobs` (main thread) calls, workers/device.ts and workers/cpu.ts answer; workers/runtime.ts carries it.
 */

import type { ImporterName } from '../src/data/importers/catalog.ts';
import type { DatasetSummary, PromptTemplates, Split, Task, TextRole, TextTriple } from '../src/data/types.ts';
import type { AdapterReport } from '../src/device/types.ts';
import type { ModelSpec } from '../src/formats/types.ts';
import type { FusionPlan } from '../src/fusion/catalog.ts';
import type { HubProgress, HubReference, HubSettings, HubSnapshot } from '../src/hub/types.ts';
import type { EncoderFamily, PoolingMode } from '../src/nn/encoders/catalog.ts';
import type { PlanInput, PlanOutput, TrainEvent, TrainInput, TrainOutput } from '../src/train/types.ts';

export type { PlanInput, PlanOutput, TrainDataset, TrainEvent, TrainInput, TrainOutput } from '../src/train/types.ts';

/** A command: what goes in, what comes out, what is told on the way. */
export interface Command<Input, Output, Event = never> {
  readonly input: Input;
  readonly output: Output;
  readonly event: Event;
}

/** Root folder of storage/ on this host; every digest below names something in it. */
export interface InStorage {
  readonly storageRoot: string;
}

// ---- the device thread -------------------------------------------------------------------------------------------

export interface DeviceCommands {
  /** The adapter in use; asked first, so that a machine without any adapter is told at start. */
  describe: Command<Record<never, never>, AdapterReport>;
  /** What a run would need, before it starts: steps and device memory; refuses what cannot fit. */
  plan: Command<PlanInput, PlanOutput>;
  train: Command<TrainInput, TrainOutput, TrainEvent>;
  encode: Command<
    InStorage & {
      readonly model: string;
      readonly texts: EncodedTexts;
      /** True: vectors of length 1 whatever the model says. Absent: as the model's pipeline gives them. */
      readonly unit?: boolean;
    },
    { readonly vectors: Vectors }
  >;
  evaluate: Command<EvaluateInput, EvaluationResult, { readonly encoded: number; readonly total: number }>;
  search: Command<SearchInput, SearchOutput>;
  /** Forgets a collection's resident segment or a warm model. */
  forget: Command<{ readonly segment?: string; readonly model?: string }, null>;
}

/** Token ids of texts, packed without padding. */
export interface EncodedTexts {
  /** [T] token ids of all texts, one after the other. */
  readonly ids: Uint32Array;
  /** [B+1] where each text begins; the last entry is T. */
  readonly cumulative: Uint32Array;
  /** [B] first token of each text that is pooled, counted from the text's own first token. */
  readonly poolStart: Uint32Array;
}

/** Row-major vectors. */
export interface Vectors {
  readonly data: Float32Array;
  readonly count: number;
  readonly dimension: number;
}

export interface EvaluateInput extends InStorage {
  readonly model: string;
  readonly dataset: string;
  readonly tokens: string;
  readonly split: Split;
}

/** Metrics by name (`ndcg_at_10`, `cosine_spearman`, ...); null = undefined, with the reason. */
export interface EvaluationResult {
  readonly task: Task;
  readonly main: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly undefinedReasons: Readonly<Record<string, string>>;
  /** Queries (IR) or pairs (STS) that count. */
  readonly count: number;
  /** Documents searched (IR), else 0. */
  readonly documents: number;
  readonly seconds: number;
  readonly tokens: number;
}

export interface SearchInput extends InStorage {
  readonly segment: { readonly key: string; readonly path: string; readonly count: number; readonly dimension: number };
  readonly queries: Vectors;
  readonly k: number;
}

export interface SearchOutput {
  /** [queries, k] row numbers in the segment, best first. */
  readonly rows: Uint32Array;
  /** [queries, k] cosines. */
  readonly scores: Float32Array;
  /** min(k, count). */
  readonly k: number;
}

// ---- the CPU thread ----------------------------------------------------------------------------------------------

export interface CpuCommands {
  importDataset: Command<InStorage & ImportInput, DatasetSummary, { readonly lines: number }>;
  createModel: Command<InStorage & CreateModelInput, CreatedModel, { readonly stage: string }>;
  importModel: Command<
    InStorage & { readonly path: string },
    CreatedModel,
    { readonly done: number; readonly total: number }
  >;
  /** Downloads a model, or finds it downloaded; the folder may be imported and stays as it is. */
  downloadModel: Command<
    InStorage & { readonly reference: HubReference; readonly settings: HubSettings },
    HubSnapshot,
    HubProgress
  >;
  tokenizeDataset: Command<
    InStorage & { readonly dataset: string; readonly model: string; readonly maxLength: number },
    TokenFileSummary
  >;
  tokenizeTexts: Command<InStorage & TokenizeInput, TokenizeOutput>;
  /** Ids and code-point offsets of texts as they stand, without truncation. */
  tokenizeWhole: Command<InStorage & TokenizeWholeInput, TokenizeWholeOutput>;
  evaluateBagOfWords: Command<InStorage & { readonly dataset: string; readonly split: Split }, EvaluationResult>;
  fuse: Command<InStorage & FuseInput, ModelSummary>;
}

export interface ImportInput {
  readonly source:
    | { readonly kind: 'path'; readonly path: string }
    /** The project's own sample data. */
    | { readonly kind: 'sample'; readonly task: Task; readonly seed: number };
  readonly importer: ImporterName;
  /** Parameters of the importer's catalog row. */
  readonly options: Readonly<Record<string, number | string | boolean>>;
  /** Raw grade scale. */
  readonly scale: readonly [low: number, high: number];
}

export interface CreateModelInput {
  readonly family: EncoderFamily;
  /** Parameters of the family's catalog row. */
  readonly architecture: Readonly<Record<string, number>>;
  readonly vocabularySize: number;
  /** Digests of the data sets whose train split the vocabulary is trained on. */
  readonly vocabularyFrom: readonly string[];
  readonly pooling: PoolingMode;
  readonly includePrompt: boolean;
  readonly templates: PromptTemplates;
  readonly maxLength: number;
  readonly seed: number;
}

/** A model folder in storage. */
export interface ModelSummary {
  readonly digest: string;
  readonly family: EncoderFamily;
  readonly dimension: number;
  readonly layers: number;
  readonly parameters: number;
  readonly vocabularySize: number;
  readonly maxLength: number;
  readonly bytes: number;
}

/** A new model folder in storage, with its settings. */
export interface CreatedModel extends ModelSummary {
  readonly spec: ModelSpec;
}

export interface TokenFileSummary {
  readonly key: string;
  readonly texts: number;
  readonly tokens: number;
  readonly truncated: number;
}

export interface TokenizeInput {
  readonly model: string;
  readonly maxLength?: number;
  readonly texts: readonly { readonly role: TextRole; readonly text: TextTriple }[];
  /** In place of the roles' prompts; '' = none. Instructions are then not read. */
  readonly prompt?: string;
}

export interface TokenizeOutput {
  readonly encoded: EncodedTexts;
  readonly truncated: readonly boolean[];
  /** The prompt each role was given, as text. */
  readonly prompts: Readonly<Partial<Record<TextRole, string>>>;
}

export interface TokenizeWholeInput {
  /** Digest of a model folder in storage, or path of a folder with a tokenizer.json. */
  readonly source: { readonly model: string } | { readonly folder: string };
  readonly texts: readonly string[];
}

export interface TokenizeWholeOutput {
  /** [T] of all texts, one after the other, special tokens included. */
  readonly ids: Uint32Array;
  /** [B+1] */
  readonly cumulative: Uint32Array;
  /** [2T] start and end of each token in code points of its text; 0, 0 for those that the template adds. */
  readonly offsets: Uint32Array;
}

export interface FuseInput {
  readonly plan: FusionPlan;
  /** Digest of theta_0's folder. */
  readonly initial: string;
  readonly checkpoints: readonly string[];
}
