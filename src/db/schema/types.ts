/** Contents of jsonb columns that no catalog describes: of jobs their events, attempts and progress; searches. */

import type { Split, Task } from '../../data/types.ts';
import type { AdapterReport } from '../../device/types.ts';
import type { PlainError } from '../../errors.ts';
import type { FusionMethod } from '../../fusion/catalog.ts';
import type { SearchStrategy } from '../../fusion/search/catalog.ts';
import type { Grouping } from '../../fusion/search/types.ts';
import type { DevFigures, TrainEvent } from '../../train/types.ts';

/** A job changed its state; with CANCELLED, FAILED and SUCCEEDED this is the terminal event. */
interface StateEvent {
  readonly type: 'state';
  readonly state: 'QUEUED' | 'RUNNING' | 'INTERRUPTED' | 'CANCELLED' | 'FAILED' | 'SUCCEEDED';
  readonly reason?: string;
  readonly error?: PlainError;
}

/** One thing a run tells. */
export type RunEventData =
  | StateEvent
  /** What is done before the first update, for example `tokenize sample-ir`. */
  | { readonly type: 'preparing'; readonly stage: string; readonly done: number; readonly total: number }
  /** As the device thread reported it. */
  | Extract<TrainEvent, { readonly type: 'started' | 'step' | 'warning' }>
  | {
      readonly type: 'checkpoint';
      readonly checkpointId: string;
      readonly reason: 'initial' | 'epoch' | 'interval' | 'best' | 'stop';
      readonly step: number;
      readonly epoch: number;
      readonly digest: string;
      readonly bytes: number;
    }
  /** The main figures; all of them are in `dev_evaluations`. */
  | (Omit<Extract<TrainEvent, { readonly type: 'evaluation' }>, 'figures'> & {
      readonly figures: readonly MainFigure[];
    });

/** The main figure of a run on one of its dev sets. */
export interface MainFigure {
  readonly dataset: string;
  readonly split: Split;
  readonly pooled: boolean;
  readonly task: Task;
  readonly metric: string;
  /** Null = undefined; such a set has no weight in the joint score. */
  readonly value: number | null;
}

/** One thing a job tells. Kept in `job_events.data`; its `type` also stands in a column. */
export type JobEventData = RunEventData | ({ readonly type: 'progress' } & JobProgress);

export type JobEventType = JobEventData['type'];

/** How far a job is; `total` null = not known. */
export interface JobProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
}

/** What an attempt notes while it works. */
export interface AttemptDetails {
  /** Training: the device that computes. */
  readonly adapter?: AdapterReport;
  /** Training: the checkpoint that it goes on from; absent = theta_0. */
  readonly resumedFrom?: string;
  /** It ended because the database was in trouble, as when a connection was lost. */
  readonly trouble?: true;
  /** Training: this attempt could not go on from that checkpoint, whose files are damaged; later ones pass it over. */
  readonly damaged?: { readonly checkpoint: string; readonly attempt: number };
  /** An export: the folder that it makes, as the file system knows it wherever it is moved. */
  readonly exported?: string;
}

/**
 * A row that a job reads or writes to, or (`payload`) a file of storage that holds a part of its input, named by its
 * digest. Neither a deletion nor retention takes it away while the job is queued or runs.
 */
export interface Use {
  readonly kind: 'checkpoint' | 'dataset' | 'collection' | 'run' | 'suite' | 'payload';
  readonly id: string;
}

/** What a search for the best fusion was asked for. */
export interface SearchRequest {
  /** In the order in which they were given; candidates name them by index. */
  readonly checkpointIds: readonly string[];
  /** What the deltas are taken from; null = theta_0. */
  readonly baseId: string | null;
  readonly devSets: readonly SearchSet[];
  readonly testSets: readonly SearchSet[];
  /** Weights of the tasks in the joint score, with the sum 1. */
  readonly weights: Readonly<Record<Task, number>>;
  readonly strategy: SearchStrategy;
  readonly methods: readonly FusionMethod[];
  /** By run, and by the tasks of the runs. */
  readonly groupings: readonly Grouping[];
  /** How many candidates are tried at most. */
  readonly budget: number;
  /** No candidate is begun once those before it have taken so long; null = no limit. */
  readonly minutes: number | null;
  readonly seed: number;
}

export interface SearchSet {
  readonly datasetId: string;
  readonly split: Split;
  /** Whether only a pooled corpus is searched. */
  readonly pooled: boolean;
}

/** Figures on the test sets, in their order. */
export interface SearchTestFigures {
  readonly winner: readonly DevFigures[];
  /** The best of the checkpoints as they are. */
  readonly single: readonly DevFigures[];
}
