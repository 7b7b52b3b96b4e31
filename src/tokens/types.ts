/** Texts as token ids: requests to tokenise and their results, and token files of data set versions. Plain types. */
import type { Split, Task, TextTriple } from '../data/types.ts';
import type { TextRole } from '../model/types.ts';
import type { MissingNegatives } from './catalog.ts';

/** Token ids of texts, packed without padding. */
export interface PackedTexts {
  /** [T] token ids of all texts, one after the other. */
  readonly ids: Uint32Array;
  /** [B+1] first token of each text; the last entry is T. */
  readonly cumulative: Uint32Array;
  /** [B] first token of each text that is pooled, counted from the text's own first token. */
  readonly poolStart: Uint32Array;
}

export interface TokenizeTextsInput {
  readonly model: string;
  readonly maxLength?: number;
  readonly texts: readonly { readonly role: TextRole; readonly text: TextTriple }[];
  /** Replaces the prompts of the roles, and instructions; '' = no prompt. */
  readonly prompt?: string;
}

export interface TokenizedTexts {
  readonly encoded: PackedTexts;
  readonly truncated: readonly boolean[];
  /** The prompt each role was given, as text. */
  readonly prompts: Readonly<Partial<Record<TextRole, string>>>;
}

export interface TokenizeWholeInput {
  /** Digest of a model folder in storage, or path of a folder with a tokenizer.json, which may lie `within` alone. */
  readonly source: { readonly model: string } | { readonly folder: string; readonly within?: string };
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

export interface TokenizeDatasetInput {
  /** Digest of the data set version. */
  readonly dataset: string;
  /** Digest of a model folder. */
  readonly model: string;
  /** Longest text in tokens; the model's own limit applies where it is lower. */
  readonly maxLength: number;
  /** What IR training records without negatives have for one; absent = masked. */
  readonly missingNegatives?: MissingNegatives;
}

export interface TokenFileReport {
  /** `<data set>/<model>/<content>`; the name of its folder in storage. */
  readonly key: string;
  readonly texts: number;
  readonly tokens: number;
  readonly truncated: number;
}

/** For each record a list of numbers. */
export interface Lists {
  /** [N+1] first entry of each record's list. */
  readonly starts: Uint32Array;
  /** Entries: numbers of texts, or of documents. */
  readonly values: Uint32Array;
  /** One per entry: grade, -1 = none. */
  readonly scores: Float32Array;
  /** One per entry: what a teacher gives it, NaN = none; absent = it gives none to any. */
  readonly teacher?: Float32Array;
}

/**
 * One split; texts by their number in {@link PackedTexts}. N is the number of records used, for STS the graded ones.
 */
export interface TokenizedSplit {
  /** [N] */
  readonly query: Uint32Array;
  /** STS: one text per record, with its grade in 0..1. */
  readonly positives: Lists;
  readonly negatives: Lists;
  /** [D] texts of the documents of IR evaluation, ascending by the UTF-8 bytes of their ids; empty for STS. */
  readonly documents: Uint32Array;
  /** Relevant documents (positions in `documents`, or behind them where the corpus lacks one), relevance 1 or more. */
  readonly judgements: Lists;
  /** [N] the document to leave out because its id is the query's; -1 = none. */
  readonly identical: Int32Array;
}

export interface TokenFile {
  readonly task: Task;
  readonly truncated: number;
  readonly texts: PackedTexts;
  readonly splits: Readonly<Record<Split, TokenizedSplit>>;
}
