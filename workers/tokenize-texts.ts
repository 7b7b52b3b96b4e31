/** Tokenises the texts of a request, packed as the device thread wants them. */
import { buildText } from '../src/data/text.ts';
import type { TextRole } from '../src/data/types.ts';
import { badInput } from '../src/errors.ts';
import { longestTextOf } from '../src/formats/architectures/catalog.ts';
import { readModelSpec } from '../src/formats/model-folder.ts';
import type { Storage } from '../src/storage/storage.ts';
import type { EncodedText, Tokenizer } from '../src/tokenizer/tokenizer.ts';
import type { EncodedTexts, TokenizeInput, TokenizeOutput } from './protocol.ts';

/** `tokenizer` is the model's. A length above the model's positions is refused; absent = the model's own. */
export async function tokenizeTexts(
  storage: Storage,
  { model, texts, ...input }: TokenizeInput,
  tokenizer: Tokenizer,
  signal?: AbortSignal,
): Promise<TokenizeOutput> {
  const spec = await readModelSpec(await storage.require('models', model));
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
  // Behind other texts it may have waited for longer than its caller did.
  signal?.throwIfAborted();
  const encoded = await tokenizer.encode(built, { maxLength, includePrompt: spec.includePrompt });
  const prompts: Partial<Record<TextRole, string>> = {};
  for (const [i, { role }] of texts.entries()) prompts[role] ??= built[i].prompt;
  return { encoded: pack(encoded), truncated: encoded.map(({ truncated }) => truncated), prompts };
}

/** Texts one after the other, without padding. */
function pack(texts: readonly EncodedText[]): EncodedTexts {
  const cumulative = new Uint32Array(texts.length + 1);
  for (const [i, { ids }] of texts.entries()) cumulative[i + 1] = cumulative[i] + ids.length;
  const ids = new Uint32Array(cumulative[texts.length]);
  for (const [i, text] of texts.entries()) ids.set(text.ids, cumulative[i]);
  return { ids, cumulative, poolStart: Uint32Array.from(texts, ({ poolStart }) => poolStart) };
}
