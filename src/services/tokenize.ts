/** tokenize: what a model's tokenizer makes of texts, with the place of every token. */
import { encoderOf } from './checkpoints.ts';
import { confine } from './import-path.ts';
import type { Tandem } from './tandem.ts';
import { checkLength, checkList } from './texts.ts';

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

/** The texts as they stand: no prompt, no truncation, no padding; special tokens included, at [0, 0]. */
export async function tokenize(
  tandem: Tandem,
  { texts, source }: TokenizeRequest,
  signal?: AbortSignal,
): Promise<TokenizedText[]> {
  const { limits } = tandem.config;
  checkList(texts, limits, 'texts');
  for (const [i, text] of texts.entries()) checkLength(text, limits, `texts.${i}`);
  const from = 'folder' in source ? await ownFolder(tandem, source.folder) : await stored(tandem, source.checkpointId);
  const options = signal ? { signal } : {};
  const { ids, cumulative, offsets } = await tandem.jobs.cpu.call('tokenizeWhole', { source: from, texts }, options);
  return texts.map((_text, i) => {
    const [begin, end] = [cumulative[i] ?? 0, cumulative[i + 1] ?? 0];
    return { ids: [...ids.subarray(begin, end)], offsets: [...offsets.subarray(2 * begin, 2 * end)] };
  });
}

const ownFolder = async ({ config }: Tandem, folder: string): Promise<{ folder: string }> => ({
  folder: await confine(config.importDir, folder, 'model.folder'),
});

async function stored(tandem: Tandem, checkpointId: string): Promise<{ model: string }> {
  const { checkpoint } = await encoderOf(tandem, checkpointId, 'model.checkpoint');
  return { model: checkpoint.digest };
}
