/**
 * By hand: tokens per second of tokenising, for every kind of tokenizer, in the thread and in a process of its own.
 * Prints one line each.
 * Run: npx vitest bench --run test/bench/tokenizer.bench.ts
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bench, describe } from 'vitest';
import { openIsolated } from '../../src/tokenizer/isolated.ts';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';

const fixture = async (name: string) =>
  JSON.parse(await readFile(join(import.meta.dirname, '../fixtures/tokenizer', `${name}.json`), 'utf8'));
const lines = ((await fixture('hard-strings')) as string[]).slice(0, 20);
/** 2,000 texts of about 400 characters. */
const texts = Array.from({ length: 2_000 }, (_, i) =>
  Array.from({ length: 6 }, (_, j) => lines[(7 * i + j * j) % lines.length]).join(' '),
);

for (const kind of ['wordpiece', 'bpe-byte-level', 'bpe-byte-fallback', 'unigram', 'bpe-modernbert']) {
  const json = JSON.stringify((await fixture(kind)).tokenizer);
  const inputs = texts.map((text) => ({ prompt: '', text }));
  for (const [place, open] of [
    ['here', parseTokenizer],
    ['in a process of its own', openIsolated],
  ] as const) {
    const tokenizer = await open(json, kind);
    const run = () => tokenizer.encode(inputs, { maxLength: 512, includePrompt: true });
    await run();
    const begun = performance.now();
    const tokens = (await run()).reduce((sum, { ids }) => sum + ids.length, 0);
    const seconds = (performance.now() - begun) / 1000;
    process.stderr.write(`${kind}, ${place}: ${tokens} tokens, ${Math.round(tokens / seconds)} tokens/s\n`);
    describe(`${kind}, ${place}`, () => {
      bench('2,000 texts', async () => void (await run()), { time: 500, iterations: 2, warmupIterations: 0 });
    });
  }
}
