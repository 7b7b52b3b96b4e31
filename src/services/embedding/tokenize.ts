/** tokenize: what a model's tokenizer makes of texts, with the place of every token. */
import { setImmediate } from 'node:timers/promises';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import { confine } from '../common/import-path.ts';
import type { Tandem } from '../tandem.ts';
import { checkLength, checkList } from './texts.ts';

/** So many tokens are made an answer of within some milliseconds. */
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
 * The texts as they stand: no prompt, no truncation, no padding; special tokens included, at [0, 0]. One after the
 * other, with a turn for everybody else in between: an answer may have millions of numbers.
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

const ownFolder = async ({ config }: Tandem, folder: string): Promise<{ folder: string }> => ({
  folder: await confine(config.importDir, folder, 'model.folder'),
});

async function stored(tandem: Tandem, checkpointId: string): Promise<{ model: string }> {
  const { checkpoint } = await encoderOf(tandem, checkpointId, 'model.checkpoint');
  return { model: checkpoint.digest };
}
