/**
 * A process that tokenises with one tokenizer.json and may be ended by it. Started by isolated.ts, to which it answers;
 * it ends with its parent.
 */
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../assets.ts';
import { invariant, toPlainError } from '../errors.ts';
import type { IsolatedAnswer, IsolatedRequest } from './isolated-protocol.ts';
import { parseTokenizer, type Tokenizer } from './tokenizer.ts';

let tokenizer: Tokenizer | undefined;

// The parent handles Ctrl+C of a terminal.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
new Worker(workerEntry('tokenizer-trial-watch')).unref();

async function answer(request: IsolatedRequest): Promise<IsolatedAnswer> {
  try {
    if (request.kind === 'open') {
      tokenizer = await parseTokenizer(request.json, request.label);
      const { vocabularySize, specialTokens } = tokenizer;
      return { output: { vocabularySize, specialTokens } };
    }
    invariant(tokenizer, 'A process was asked to tokenise before it was given a tokenizer');
    if (request.kind === 'tokenize') return { output: await tokenizer.tokenize(request.texts) };
    return { output: await tokenizer.encode(request.texts, request.options) };
  } catch (error) {
    return { error: toPlainError(error) };
  }
}

process.on('message', (request: IsolatedRequest) => {
  void answer(request).then((message) => process.send?.(message));
});
