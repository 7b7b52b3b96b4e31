/**
 * What the quickstart trains: an encoder small enough for two CPU cores, from scratch, on both tasks at once.
 * The budget (about 100,000 tokens) is chosen so that the CPU ends well within a minute.
 */
import type { ArchitectureInput, RunSettingsInput } from '../../client/index.ts';

export const architecture: ArchitectureInput = { layers: 2, width: 64, heads: 4, innerWidth: 256, maxPositions: 64 };
export const vocabularySize = 2048;
export const maxLength = 64;

/** Both prompts are empty: the sample data gives no task instruction. */
export const templates = { query: '', sts: '', passage: '' };

export const runSettings = (seed: number): RunSettingsInput => ({
  seed,
  epochs: 2,
  irBatchSize: 24,
  stsBatchSize: 32,
  positives: 1,
  negatives: 0,
  maxLength,
  dropout: 0,
  attentionDropout: 0,
  optimizer: { learningRate: 4e-3, weightDecay: 0.01, warmupRatio: 0.1, clipNorm: 1 },
});

/** Hits shown of each search. */
export const hitsShown = 3;
