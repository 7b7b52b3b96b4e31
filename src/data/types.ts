/**
 * The unified record of CoDiEmb (arXiv 2508.11442, unified data format) and what a data set version is made of.
 * Plain types: read by importers, the sampler, evaluation, services and the protocol of the threads.
 */

import type { ImporterName } from './importers/catalog.ts';

export type Task = 'ir' | 'sts';
export type Split = 'train' | 'dev' | 'test';
export const splits: readonly Split[] = ['train', 'dev', 'test'];

/** [task instruction, instance instruction, text] */
export type TextTriple = readonly [task: string, instance: string, text: string];

/**
 * One record. Scores are empty or one per text; -1 means "no grade". STS: exactly one positive and its grade in 0..1 or
 * -1.
 */
export interface DataRecord {
  readonly task: Task;
  readonly query: TextTriple;
  readonly positives: readonly TextTriple[];
  readonly negatives: readonly TextTriple[];
  readonly positiveScores: readonly number[];
  readonly negativeScores: readonly number[];
  /**
   * What a teacher gives each text, the positives' first, then the negatives'; null = none. Any finite number, so -1 is
   * one. Absent = none at all.
   */
  readonly teacherScores?: readonly (number | null)[];
}

/** A record as a data set version keeps it. */
export type StoredRecord = {
  readonly kind: 'record';
  readonly split: Split;
  readonly id: string;
  /** Ids of the documents that `positives` are, one per positive (IR; empty for STS). */
  readonly positiveDocuments: readonly string[];
  /** Grades of relevant documents that the corpus lacks; absent = none. No search finds them: they count as missed. */
  readonly absentScores?: readonly number[];
} & DataRecord;

/** A document of the corpus that the IR evaluation of `splits` searches. */
export interface StoredDocument {
  readonly kind: 'document';
  readonly splits: readonly Split[];
  readonly id: string;
  readonly text: TextTriple;
}

/** One line of a data set version's record file. */
export type StoredLine = StoredRecord | StoredDocument;

/** What is known of an imported version besides its record file. */
export interface DatasetSummary {
  /** sha256 (hex) of the record file: the version's identity. */
  readonly digest: string;
  readonly task: Task;
  readonly bytes: number;
  readonly counts: Readonly<Record<Split, number>>;
  /** Documents that an IR evaluation of each split searches; 0 for STS. */
  readonly documentCounts: Readonly<Record<Split, number>>;
  /** Raw grade scale that was declared at import. */
  readonly scale: readonly [low: number, high: number];
  /** IR: drop a document whose id equals the query's (BEIR's ignore_identical_ids). */
  readonly ignoreIdenticalIds: boolean;
  /** Counted oddities, for example ignored negatives of STS records. */
  readonly warnings: readonly { readonly message: string; readonly count: number }[];
}

/** The input of an import. Plain data, because it crosses threads. */
export interface ImportRequest {
  readonly source:
    | {
        readonly kind: 'path';
        readonly path: string;
        /** Real path of the folder that no file may lie outside of; absent = the files are our own. */
        readonly within?: string;
      }
    /** The project's own sample data. */
    | { readonly kind: 'sample'; readonly task: Task; readonly seed: number };
  readonly importer: ImporterName;
  /** Parameters of the importer's catalog row. */
  readonly options: Readonly<Record<string, number | string | boolean>>;
  /** Raw grade scale. */
  readonly scale: readonly [low: number, high: number];
}
