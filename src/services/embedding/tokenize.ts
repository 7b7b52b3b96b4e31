/** tokenize: token ids of texts, with the offsets of every token. */
import { setImmediate } from 'node:timers/promises';
import { confine } from '../../storage/import-path.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import type { Tandem } from '../tandem.ts';
import { checkLength, checkList } from './texts.ts';

/** Tokens that are turned into an answer within some milliseconds. */
const tokensInARow = 10_000;

export interface TokenizeRequest {
  readonly texts: readonly string[];
  /** A checkpoint, or a folder below the import folder that has a tokenizer.json. */
  readonly source: { readonly checkpointId: string } | { readonly folder: string };
}

export interface TokenizedText {
  readonly ids: readonly number[];
  /** Start and end of each token in code points of its text, one after the other. */
  readonly offsets: readonly number[];
}

/**
 * Tokenizes without prompt, truncation or padding; special tokens are included, at [0, 0]. Yields text by text and
 * lets other work of the main thread run in between, because an answer may have millions of numbers.
 */
export async function* tokenize(
  tandem: Tandem,
  { texts, source }: TokenizeRequest,
  signal?: AbortSignal,
): AsyncGenerator<TokenizedText, void, undefined> {
  const { limits } = tandem.config;
  checkList(texts, limits, 'texts');
  for (const [i, text] of texts.entries()) checkLength(text, limits, `texts.${i}`);
  const from = 'folder' in source ? await ownFolder(tandem, source.folder) : await stored(tandem, source.checkpointId);
  const options = signal ? { signal } : {};
  const { ids, cumulative, offsets } = await tandem.jobs.cpu.call('tokenizeWhole', { source: from, texts }, options);
  let waiting = 0;
  for (const i of texts.keys()) {
    const [begin, end] = [cumulative[i] ?? 0, cumulative[i + 1] ?? 0];
    yield { ids: [...ids.subarray(begin, end)], offsets: [...offsets.subarray(2 * begin, 2 * end)] };
    waiting += end - begin;
    if (waiting < tokensInARow) continue;
    waiting = 0;
    await setImmediate();
  }
}

async function ownFolder({ config }: Tandem, folder: string): Promise<{ folder: string; within: string }> {
  const { path, within } = await confine(config.importDir, folder, 'model.folder');
  return { folder: path, within };
}

async function stored(tandem: Tandem, checkpointId: string): Promise<{ model: string }> {
  const { checkpoint } = await encoderOf(tandem, checkpointId, 'model.checkpoint');
  return { model: checkpoint.digest };
}
