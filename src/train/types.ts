/** Input, events and result of a training run. Plain types, which the threads' protocol passes on. */
import type { Split, Task } from '../data/types.ts';
import type { AdapterReport } from '../device/types.ts';
import type { EvaluationFigures } from '../evaluation/types.ts';
import type { LossTerm } from '../nn/losses/catalog.ts';
import type { RunSettings } from './catalog.ts';

/** Every digest names something in storage. */
export interface TrainInput {
  readonly runId: string;
  /** Digest of theta_0's folder, the root of the lineage. */
  readonly model: string;
  /** The checkpoint that it starts from: digests of its folder and, where its optimizer state is kept, of its state. */
  readonly start?: { readonly model: string; readonly state?: string };
  /** The teacher: digest of a model folder. Given where a term needs one. */
  readonly teacher?: string;
  readonly settings: RunSettings;
  readonly datasets: readonly TrainDataset[];
  /** Evaluated as `settings.dev` says; absent = none. */
  readonly dev?: readonly DevSet[];
  /** Continue from here; absent = from the start, or from theta_0 without one. */
  readonly resume?: { readonly model: string; readonly state: string; readonly allowDifferentAdapter?: boolean };
}

/** The part of {@link TrainInput} that decides steps and memory. */
export type PlanInput = Pick<TrainInput, 'model' | 'teacher' | 'settings' | 'datasets'>;

export interface PlanOutput {
  /** Updates of the whole run. */
  readonly steps: number;
  readonly epochs: number;
  /** Batches per epoch by data set name: shards, where an update has several. */
  readonly batches: Readonly<Record<string, number>>;
  readonly updatesPerEpoch: number;
  readonly batchesPerUpdate: number;
  /** Records of a batch of each data set, by its name. */
  readonly batchSizes: Readonly<Record<string, number>>;
  /** Texts that a batch encodes at most, by data set name. */
  readonly texts: Readonly<Record<string, number>>;
  /** Number of trained values. */
  readonly parameters: number;
  /** Bytes on the device, by what they hold; `total` is their sum and an upper estimate. */
  readonly memory: {
    readonly parameters: number;
    readonly optimizer: number;
    readonly activations: number;
    readonly representations: number;
    /** The teacher: its weights, its activations, its vectors and their cosines; 0 = none. */
    readonly teacher: number;
    readonly total: number;
  };
  /** Tokens whose activations are on the device at once: as the settings say, or fewer, so that they fit. */
  readonly microBatchTokens: number;
}

export interface TrainDataset {
  readonly name: string;
  readonly task: Task;
  /** w_d of docs/method.md section 3. */
  readonly weight: number;
  readonly digest: string;
  /** Key of the token file made by `tokenizeDataset`. */
  readonly tokens: string;
  /** Key of the token file of the run's teacher; absent = no term on it needs a teacher. */
  readonly teacherTokens?: string;
  /** Its own loss terms; absent = those of its task. */
  readonly losses?: readonly LossTerm[];
}

/** What an update computed on one of its batches. */
export interface StepBatch {
  readonly task: Task;
  readonly dataset: string;
  /** Weighted sum of the terms. */
  readonly loss: number;
  /** Unweighted value of every loss term by name. */
  readonly components: Readonly<Record<string, number>>;
  readonly tokens: number;
}

/** What an update computed. */
export type StepFigures =
  | (StepBatch & { readonly batches?: undefined })
  | {
      /** Null where its batches are of both tasks. */
      readonly task: Task | null;
      /** Null where its batches come from several data sets. */
      readonly dataset: string | null;
      /** The mean of its batches' losses. */
      readonly loss: number;
      /** The mean of each loss term over the batches that have it. */
      readonly components: Readonly<Record<string, number>>;
      /** Of all its batches. */
      readonly tokens: number;
      /** In the order in which they were computed; absent = one, of which the other fields tell all. */
      readonly batches: readonly StepBatch[];
    };

/** A split of a data set that a run is evaluated on. */
export interface DevSet {
  readonly name: string;
  readonly task: Task;
  readonly split: Split;
  readonly digest: string;
  /** Key of the token file made by `tokenizeDataset`. */
  readonly tokens: string;
  /** A pooled corpus: positions of the documents that are searched, ascending; absent = all documents of the split. */
  readonly pool?: Uint32Array;
}

/** Figures of a run on one of its dev sets. */
export interface DevFigures extends EvaluationFigures {
  /** Name of the data set. */
  readonly dataset: string;
  readonly split: Split;
  /** Whether only a pooled corpus was searched: never to be compared with figures of a full one. */
  readonly pooled: boolean;
}

/** What weights are worth on dev sets: of a candidate of a search. */
export interface JointFigures {
  /** In the order of the dev sets. */
  readonly figures: readonly DevFigures[];
  /** Joint score; higher is better. */
  readonly score: number;
  /** The mean of the main figures of the task; null without a set of it, or where one has no value. */
  readonly ir: number | null;
  readonly sts: number | null;
}

export interface DevScore {
  /** Updates made before the evaluation. */
  readonly step: number;
  /** Joint score; higher is better. */
  readonly score: number;
}

export type TrainEvent =
  | {
      readonly type: 'started';
      readonly adapter: AdapterReport;
      readonly steps: number;
      readonly epochs: number;
      readonly batches: Readonly<Record<string, number>>;
      readonly parameters: number;
      readonly memoryBytes: number;
    }
  | ({
      readonly type: 'step';
      /** Counts from 1: the update that was just made. */
      readonly step: number;
      readonly steps: number;
      /** Counts from 1. */
      readonly epoch: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    } & StepFigures)
  | {
      readonly type: 'checkpoint';
      readonly reason: 'initial' | 'epoch' | 'interval' | 'best' | 'stop';
      /** Updates made so far. */
      readonly step: number;
      /** The epoch in progress or just ended, from 1; 0 before the first step. */
      readonly epoch: number;
      /** Digest of the model folder in storage. */
      readonly model: string;
      /** Digest of the resumable state in storage. */
      readonly state: string;
      readonly bytes: number;
    }
  | {
      readonly type: 'evaluation';
      /** Updates made so far. */
      readonly step: number;
      readonly epoch: number;
      readonly score: number;
      /** The highest score so far, this one included; of equal scores the first. Its checkpoint was told before. */
      readonly best: DevScore;
      /** Evaluations in a row, up to this one, that were not above the best before them + minDelta. */
      readonly stale: number;
      /** In the order of the dev sets. */
      readonly figures: readonly DevFigures[];
      readonly seconds: number;
    }
  | { readonly type: 'warning'; readonly step: number; readonly message: string };

export interface TrainOutput {
  /** `early-stopped`: patience ran out before the planned number of updates. `stopped`: the signal aborted. */
  readonly outcome: 'finished' | 'early-stopped' | 'stopped';
  readonly step: number;
  readonly epoch: number;
}
