/** The result of embedding texts. */
import type { CheckpointRow } from '../../db/schema.ts';

/** How texts were embedded; part of every answer that embedded something. */
export interface EmbeddingReport {
  readonly checkpoint: CheckpointRow;
  /** The text put before each input; empty if the model has no prompt for its role. */
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
