/**
 * Opens any tokenizer.json: in this thread where nothing in it can end the process on some text, else in a process of
 * its own. What decides is the file alone, so a model is always tokenised at the same place.
 */
import { readFile } from 'node:fs/promises';
import { openIsolated } from './isolated.ts';
import { isTame } from './tame.ts';
import { parseTokenizer, type Tokenizer, unreadable } from './tokenizer.ts';

/** Reads a tokenizer.json. */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error.message);
  });
  return openTokenizer(text, path);
}

/** {@link loadTokenizer} from the file's text; `label` names it in errors. */
export const openTokenizer = (json: string, label = 'tokenizer.json'): Promise<Tokenizer> =>
  isTame(json) ? parseTokenizer(json, label) : openIsolated(json, label);
