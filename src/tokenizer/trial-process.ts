/**
 * A small process that loads one tokenizer.json and uses it; its exit shows whether the file is safe to load. Started
 * as `node trial-process.js <path>`. Ordinary errors of the file are not reported here.
 */
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../assets.ts';
import { parseTokenizer } from './tokenizer.ts';

interface AddedToken {
  readonly content: string;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
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

// The parent handles Ctrl+C of a terminal.
process.on('SIGINT', () => {});
new Worker(workerEntry('tokenizer-trial-watch')).unref();
try {
  const json = await readFile(process.argv[2] ?? '', 'utf8');
  const { added_tokens: added = [] } = JSON.parse(json) as { readonly added_tokens?: readonly AddedToken[] };
  const tokenizer = await parseTokenizer(json);
  await tokenizer.tokenize([...texts, ...sharedBlanks(added)]);
} catch {
  // The process that loads the file next reports it.
}
