/** Tokenises the texts of a request and packs them for the device thread. */

import { badInput } from '../errors.ts';
import { readModelSpec } from '../formats/model-folder.ts';
import { longestTextOf } from '../model/architecture.ts';
import type { TextRole } from '../model/types.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import type { EncodedText, Tokenizer } from '../tokenizer/tokenizer.ts';
import { buildText } from './text.ts';
import type { PackedTexts, TokenizedTexts, TokenizeTextsInput } from './types.ts';

/** `tokenizer` is the model's. Rejects a maximum length above the model's positions; absent = the model's own. */
export async function tokenizeTexts(
  storage: Storage,
  { model, texts, ...input }: TokenizeTextsInput,
  tokenizer: Tokenizer,
  signal?: AbortSignal,
): Promise<TokenizedTexts> {
  const spec = await readOwn(storage, 'models', model, readModelSpec);
  const longest = longestTextOf(spec.architecture);
  const maxLength = input.maxLength ?? spec.maxLength;
  if (maxLength > longest) {
    throw badInput(`A maximum length of ${maxLength} tokens is more than the model can read`, {
      field: 'maxLength',
      expected: `at most ${longest}, the model's positions`,
    });
  }
  const { prompt } = input;
  const built = texts.map(({ role, text }) =>
    prompt === undefined ? buildText(spec.templates, role, text) : { prompt, text: text[2] },
  );
  // The caller may have given up while other texts were encoded.
  signal?.throwIfAborted();
  const encoded = await tokenizer.encode(built, { maxLength, includePrompt: spec.includePrompt });
  const prompts: Partial<Record<TextRole, string>> = {};
  for (const [i, { role }] of texts.entries()) prompts[role] ??= built[i].prompt;
  return { encoded: pack(encoded), truncated: encoded.map(({ truncated }) => truncated), prompts };
}

/** Texts one after the other, without padding. */
function pack(texts: readonly EncodedText[]): PackedTexts {
  const cumulative = new Uint32Array(texts.length + 1);
  for (const [i, { ids }] of texts.entries()) cumulative[i + 1] = cumulative[i] + ids.length;
  const ids = new Uint32Array(cumulative[texts.length]);
  for (const [i, text] of texts.entries()) ids.set(text.ids, cumulative[i]);
  return { ids, cumulative, poolStart: Uint32Array.from(texts, ({ poolStart }) => poolStart) };
}
