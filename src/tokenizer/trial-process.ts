/**
 * A small process that loads one tokenizer.json and uses it; its exit shows whether the file is safe to load. Started
 * as `node trial-process.js <path>`. Ordinary errors of the file are not reported here.
 */
import { readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../assets.ts';
import { largestTokenizerBytes, largestVocabulary } from '../model/families/catalog.ts';
import { parseTokenizer } from './tokenizer.ts';

interface AddedToken {
  readonly content: string;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
}

interface TokenizerFile {
  readonly added_tokens?: readonly AddedToken[];
  readonly model?: { readonly vocab?: object };
}

const texts = [
  '',
  ' ',
  'a',
  'The pump leaks.',
  ' \u00e9 e\u0301 \ufb01\u00a0\u4e2d\u6587 \u{1f600}\u200d\u{1f527} \0\n',
];

/** Spaces that a token on their left includes and that are a token themselves. */
function sharedBlanks(tokens: readonly AddedToken[]): string[] {
  const blank = tokens.filter(({ content, lstrip }) => lstrip && /^\s/.test(content));
  return tokens
    .filter(({ rstrip }) => rstrip)
    .flatMap((left) => blank.map(({ content }) => left.content + content + content));
}

async function attempt(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size > largestTokenizerBytes) return void process.stdout.write(`${size} bytes`);
  const json = await readFile(path, 'utf8');
  const file = JSON.parse(json) as TokenizerFile;
  const count = tokenCount(file);
  if (count > largestVocabulary) return void process.stdout.write(`${count} tokens`);
  const tokenizer = await parseTokenizer(json);
  await tokenizer.tokenize([...texts, ...sharedBlanks(file.added_tokens ?? [])]);
}

/** A vocabulary is an object, or the list of Unigram. */
function tokenCount({ model, added_tokens: added = [] }: TokenizerFile): number {
  return Object.keys(model?.vocab ?? {}).length + added.length;
}

// The parent handles Ctrl+C of a terminal.
process.on('SIGINT', () => {});
new Worker(workerEntry('tokenizer-trial-watch')).unref();
try {
  await attempt(process.argv[2] ?? '');
} catch {
  // The process that loads the file next reports it.
}
