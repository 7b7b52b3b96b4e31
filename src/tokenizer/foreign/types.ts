/** The files beside a tokenizer.json that decide what its texts become, and what is made of all of them. */
import type { JsonFile } from '../../model/json-fields.ts';

/** What another program saved of a tokenizer. Absent files have no fields. */
export interface ForeignTokenizer {
  /** Text of tokenizer.json; undefined = there is none. */
  readonly json: string | undefined;
  /** Path of tokenizer.json, for errors. */
  readonly path: string;
  /** Text of vocab.txt; read only where there is no tokenizer.json. */
  readonly vocabulary: string | undefined;
  /** tokenizer_config.json */
  readonly config: JsonFile;
  /** special_tokens_map.json */
  readonly specialTokens: JsonFile;
  /** added_tokens.json */
  readonly addedTokens: JsonFile;
  /** config.json's model_type, or the one that stands for it. */
  readonly modelType: string;
  /** config.json's own tokenizer_class. */
  readonly modelClass: unknown;
  /** Rows of the encoder's word table. */
  readonly rows: number;
  /** Whether long texts are cut: then they are cut at their end, and a file that says otherwise is refused. */
  readonly cuts: boolean;
}

/** A tokenizer.json that gives the tokens of the whole folder by itself. */
export interface WholeTokenizer {
  /** The text as it was where the other files change nothing. */
  readonly json: string;
  /** What was left out or is read otherwise elsewhere, in whole sentences. */
  readonly warnings: readonly string[];
}

/** An entry of tokenizer.json's added_tokens. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** Fields of a tokenizer.json. */
export type TokenizerFields = Readonly<Record<string, unknown>>;
