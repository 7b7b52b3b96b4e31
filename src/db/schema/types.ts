/** Contents of jsonb columns that no catalog describes: the events of runs, the progress of jobs. Plain types. */
import type { Task } from '../../data/types.ts';
import type { PlainError } from '../../errors.ts';
import type { AdapterReport } from '../../gpu/types.ts';

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
  | {
      readonly type: 'started';
      readonly adapter: AdapterReport;
      readonly steps: number;
      readonly epochs: number;
      /** Batches by data set name. */
      readonly batches: Readonly<Record<string, number>>;
      readonly parameters: number;
      readonly memoryBytes: number;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly task: Task;
      readonly dataset: string;
      readonly loss: number;
      readonly components: Readonly<Record<string, number>>;
      readonly learningRate: number;
      readonly gradientNorm: number;
      readonly tokens: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'checkpoint';
      readonly checkpointId: string;
      readonly reason: 'initial' | 'epoch' | 'interval' | 'stop';
      readonly step: number;
      readonly epoch: number;
      readonly digest: string;
      readonly bytes: number;
    }
  | { readonly type: 'warning'; readonly step: number; readonly message: string };

export type RunEventType = RunEventData['type'];

/** How far a job is; `total` null = not known. */
export interface JobProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
}
