/** A long answer is made piece by piece: the main thread answers others in between. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config.ts';
import { tokenize } from '../../../src/services/embedding/tokenize.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const folder = temporaryFolder();

it('gives others a turn while it hands out millions of tokens', async () => {
  await mkdir(join(folder(), 'model'));
  const [texts, length] = [20, 12_000];
  const output = {
    ids: Uint32Array.from({ length: texts * length }, (_, i) => i),
    cumulative: Uint32Array.from({ length: texts + 1 }, (_, i) => i * length),
    offsets: new Uint32Array(2 * texts * length),
  };
  const tandem = {
    config: { limits: defaultLimits, importDir: folder() },
    jobs: { cpu: { call: async () => output } },
  } as unknown as Tandem;
  let turns = 0;
  const count = (): void => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const found: number[] = [];
  let first = 0;
  for await (const { ids, offsets } of tokenize(tandem, {
    texts: Array(texts).fill('x'),
    source: { folder: 'model' },
  })) {
    if (found.length === 0) first = turns;
    found.push(ids[0]);
    expect([ids.length, offsets.length]).toEqual([length, 2 * length]);
  }
  clearImmediate(timer);
  expect(found).toEqual(Array.from({ length: texts }, (_, i) => i * length));
  expect(turns - first).toBeGreaterThanOrEqual(texts - 1);
});
