/** Summary of a published model folder. Plain types. */
import type { EncoderFamily } from '../model/families/catalog.ts';
import type { ModelDropout } from '../model/types.ts';

/** A model folder in storage. */
export interface PublishedModel {
  readonly digest: string;
  readonly family: EncoderFamily;
  /** Length of its vectors. */
  readonly dimension: number;
  readonly layers: number;
  /** Number of values of all parameters. */
  readonly parameters: number;
  readonly vocabularySize: number;
  readonly maxLength: number;
  /** What its runs drop where they are told nothing else. */
  readonly dropout: ModelDropout;
  readonly bytes: number;
}
