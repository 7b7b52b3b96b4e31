/** What a process that tokenises is asked, one thing at a time, and what it answers. */
import type { PlainError } from '../errors.ts';
import type { EncodedText, EncodeOptions, TextToEncode, Tokenizer, TokensWithOffsets } from './tokenizer.ts';

export type IsolatedRequest =
  | { readonly kind: 'open'; readonly json: string; readonly label: string }
  | { readonly kind: 'encode'; readonly texts: readonly TextToEncode[]; readonly options: EncodeOptions }
  | { readonly kind: 'tokenize'; readonly texts: readonly string[] };

export type Facts = Pick<Tokenizer, 'vocabularySize' | 'specialTokens'>;

export type IsolatedAnswer =
  | { readonly output: Facts | readonly EncodedText[] | readonly TokensWithOffsets[] }
  | { readonly error: PlainError };
