/** Contents of jsonb columns that no catalog describes: the events of runs, the progress of jobs. Plain types. */
import type { PlainError } from '../../errors.ts';
import type { TrainEvent } from '../../train/types.ts';

/** One thing a run tells. Kept in `run_events.data`; its `type` also stands in a column. */
export type RunEventData =
  /** The run changed its state; with CANCELLED, FAILED and SUCCEEDED this is the terminal event. */
  | {
      readonly type: 'state';
      readonly state: 'QUEUED' | 'RUNNING' | 'INTERRUPTED' | 'CANCELLED' | 'FAILED' | 'SUCCEEDED';
      readonly reason?: string;
      readonly error?: PlainError;
    }
  /** What is done before the first update, for example `tokenize sample-ir`. */
  | { readonly type: 'preparing'; readonly stage: string; readonly done: number; readonly total: number }
  /** As the device thread reported it. */
  | Extract<TrainEvent, { readonly type: 'started' | 'step' | 'warning' }>
  | {
      readonly type: 'checkpoint';
      readonly checkpointId: string;
      readonly reason: 'initial' | 'epoch' | 'interval' | 'stop';
      readonly step: number;
      readonly epoch: number;
      readonly digest: string;
      readonly bytes: number;
    };

export type RunEventType = RunEventData['type'];

/** How far a job is; `total` null = not known. */
export interface JobProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
}

/** A row that a job reads, or writes to, while it runs: neither a deletion nor retention takes it away meanwhile. */
export interface Use {
  readonly kind: 'checkpoint' | 'dataset' | 'collection';
  readonly id: string;
}
