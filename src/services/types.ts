/** What the services answer where a row of the database is not enough. Plain data; sizes are bytes. */
import type { Split, Task, TextTriple } from '../data/types.ts';
import type { CheckpointRow, ModelRow } from '../db/schema.ts';
import type { AdapterReport } from '../device/types.ts';

/** A window of a list: rows `offset` to `offset + limit - 1`. */
export interface Window {
  readonly offset: number;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly totalCount: number;
}

export interface GradedText {
  readonly text: TextTriple;
  /** null = no grade. */
  readonly score: number | null;
}

export interface RecordView {
  readonly key: string;
  readonly split: Split;
  readonly task: Task;
  readonly query: TextTriple;
  readonly positives: readonly GradedText[];
  readonly negatives: readonly GradedText[];
}

export interface CorpusDocumentView {
  readonly key: string;
  readonly splits: readonly Split[];
  readonly text: TextTriple;
}

/** A checkpoint with the model it descends from: all that is needed to embed with it. */
export interface Encoder {
  readonly checkpoint: CheckpointRow;
  readonly model: ModelRow;
}

/** How texts were embedded; part of every answer that embedded something. */
export interface EmbeddingReport {
  readonly checkpoint: CheckpointRow;
  /** What was put before the texts; empty = nothing. */
  readonly prompt: string;
  readonly tokens: number;
  /** How many texts were cut at the model's longest length. */
  readonly truncated: number;
}

export interface EmbeddedText {
  readonly index: number;
  readonly tokens: number;
  readonly truncated: boolean;
  readonly vector: Float32Array;
}

export interface EmbedAnswer {
  readonly report: EmbeddingReport;
  readonly dimensions: number;
  readonly embeddings: readonly EmbeddedText[];
}

export interface RunPlan {
  readonly steps: number;
  /** Passes over the data; a fraction where maxBatches ends them. */
  readonly epochs: number;
  readonly datasets: readonly {
    readonly datasetId: string;
    readonly batchesPerEpoch: number;
    readonly recordsPerEpoch: number;
    /** Estimated. */
    readonly tokensPerBatch: number;
  }[];
  /** Estimated, of the whole run. */
  readonly tokens: number;
  readonly parameters: number;
  /** Bytes on the device by what they hold. */
  readonly memory: {
    readonly parameters: number;
    readonly optimizer: number;
    readonly activations: number;
    readonly representations: number;
    readonly total: number;
  };
  readonly device: AdapterReport;
}
