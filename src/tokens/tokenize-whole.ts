/** Ids and offsets of whole texts: no prompt, no truncation, special tokens included. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '../storage/storage.ts';
import type { TokensWithOffsets } from '../tokenizer/tokenizer.ts';
import type { TokenizerCache } from './tokenizer-cache.ts';
import type { TokenizeWholeInput, TokenizeWholeOutput } from './types.ts';

export async function tokenizeWhole(
  storage: Storage,
  { source, texts }: TokenizeWholeInput,
  tokenizers: TokenizerCache,
  signal?: AbortSignal,
): Promise<TokenizeWholeOutput> {
  const tokenizer =
    'model' in source
      ? await tokenizers.of(storage, source.model)
      : await tokenizers.ofFile(await tokenizerPath(source.folder), signal);
  signal?.throwIfAborted();
  return pack(await tokenizer.tokenize(texts));
}

/** Of tokenizer.json, in the model's folder, or in the encoder's, as in sentence-transformers' oldest folders. */
async function tokenizerPath(folder: string): Promise<string> {
  const older = join(folder, '0_Transformer');
  const at = !(await hasTokenizer(folder)) && (await hasTokenizer(older)) ? older : folder;
  return join(at, 'tokenizer.json');
}

const hasTokenizer = async (folder: string): Promise<boolean> =>
  (await isThere(join(folder, 'tokenizer.json'))) || isThere(join(folder, 'vocab.txt'));

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function pack(texts: readonly TokensWithOffsets[]): TokenizeWholeOutput {
  const cumulative = new Uint32Array(texts.length + 1);
  for (const [i, { ids }] of texts.entries()) cumulative[i + 1] = cumulative[i] + ids.length;
  const total = cumulative[texts.length];
  const ids = new Uint32Array(total);
  const offsets = new Uint32Array(2 * total);
  for (const [i, text] of texts.entries()) {
    ids.set(text.ids, cumulative[i]);
    offsets.set(text.offsets.flat(), 2 * cumulative[i]);
  }
  return { ids, cumulative, offsets };
}
