/** Geometry on a split, from the vectors and the token states of a real model. */
import { describe, expect, it } from 'vitest';
import { sampleGeometry } from '../../src/evaluation/geometry/sample.ts';
import { gatherTexts } from '../../src/nn/batch.ts';
import { DeviceServer } from '../../src/serve/server.ts';
import { testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings, tinyTokenFile } from '../train/fixture.ts';

const folder = temporaryFolder();
const { signal } = new AbortController();

async function serve() {
  const { input, storage } = await prepareTinyRun(folder(), tinySettings());
  return { server: new DeviceServer(await testGpu(), storage), model: input.model };
}

describe.each([
  ['ir', 18, 11],
  ['sts', 32, 12],
] as const)('geometry of %s', (task, records, seed) => {
  it('is measured on the vectors that encode gives', async () => {
    const { server, model } = await serve();
    const found = await server.measureGeometry({ model, tokens: `tiny-${task}`, split: 'test' }, signal);
    const file = tinyTokenFile(task, records, seed);
    const { texts, pairs, positives } = sampleGeometry(task, file.splits.test, 1);
    const { data, dimension } = await server.encode({ model, task, texts: gatherTexts(file.texts, texts) }, signal);
    const row = (text: number) => [...data.subarray(texts.indexOf(text) * dimension).subarray(0, dimension)];
    const cosines = Array.from(pairs.first, (first, i) =>
      row(first).reduce((sum, value, c) => sum + value * row(pairs.second[i]!)[c]!, 0),
    );
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(found.meanCosine).toBeCloseTo(mean(cosines), 6);
    expect(found.uniformity).toBeCloseTo(Math.log(mean(cosines.map((value) => Math.exp(-4 + 4 * value)))), 5);
    expect(found).toMatchObject({ texts: texts.length, randomPairs: pairs.first.length });
    expect(found.positivePairs).toBe(positives.first.length);
    // Of unit rows the squares of the singular values sum to their number.
    const squares = found.singularValues.reduce((sum, value) => sum + value ** 2, 0);
    expect(squares).toBeCloseTo(texts.length, 4);
    expect(found.singularValues).toHaveLength(Math.min(texts.length, dimension));
    expect(found.effectiveRank).toBeGreaterThan(1);
    expect(found.tokenCosine).toBeGreaterThan(-1);
    expect(found.tokenCosine).toBeLessThan(1);
    expect(Object.keys(found.undefinedReasons)).toEqual(found.conditionNumber === null ? ['conditionNumber'] : []);
  });
});

it('stops when it is aborted', async () => {
  const { server, model } = await serve();
  const aborted = AbortSignal.abort();
  await expect(server.measureGeometry({ model, tokens: 'tiny-sts', split: 'test' }, aborted)).rejects.toMatchObject({
    name: 'AbortError',
  });
});
