/** Encode, evaluate and search as the device thread answers them. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pearson } from '../../src/evaluation/correlation.ts';
import { queryMetrics } from '../../src/evaluation/retrieval.ts';
import { gatherTexts } from '../../src/nn/batch.ts';
import { rowsPerPage } from '../../src/nn/nearest-neighbours.ts';
import { DeviceServer } from '../../src/serve/server.ts';
import { publishTokenFile } from '../../src/tokens/token-file.ts';
import { random, testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings, tinyTokenFile } from '../train/fixture.ts';

const folder = temporaryFolder();
const signal = new AbortController().signal;

async function serve() {
  const { input, storage } = await prepareTinyRun(folder(), tinySettings());
  return { server: new DeviceServer(await testGpu(), storage), storage, model: input.model };
}

/** Dot product of two rows. */
const dot = (vectors: Float32Array, a: number, b: number, width: number): number => {
  let sum = 0;
  for (let c = 0; c < width; c++) sum += vectors[a * width + c]! * vectors[b * width + c]!;
  return sum;
};

describe('evaluation', () => {
  it('ranks all documents for every query', async () => {
    const { server, model } = await serve();
    const told: number[] = [];
    const [result] = await server.evaluate(
      { model, tokens: 'tiny-ir', split: 'test' },
      { signal, onEncoded: ({ encoded }) => told.push(encoded) },
    );
    const file = tinyTokenFile('ir', 18, 11);
    const { query, documents } = file.splits.test;
    expect(result).toMatchObject({ task: 'ir', main: 'ndcg_at_10', count: 18, documents: documents.length });
    expect(told.at(-1)).toBe(18 + documents.length);
    const texts = gatherTexts(file.texts, [...query, ...documents]);
    const { data, dimension } = await server.encode({ model, texts, task: 'ir' }, signal);
    let sum = 0;
    query.forEach((_, i) => {
      const scores = Array.from(documents, (__, d) => dot(data, i, 18 + d, dimension));
      const ranking = scores.map((_s, d) => d).sort((a, b) => scores[b]! - scores[a]! || b - a);
      sum += queryMetrics({ ranked: ranking.map((d) => (d === i ? 1 : 0)), judged: [1] })['ndcg_at_10']!;
    });
    expect(result!.metrics['ndcg_at_10']).toBeCloseTo(sum / 18, 6);
  });

  it('stops after the vectors are made, when aborted', async () => {
    const { server, model } = await serve();
    const stop = new AbortController();
    const total = 18 + tinyTokenFile('ir', 18, 11).splits.test.documents.length;
    const evaluation = server.evaluate(
      { model, tokens: 'tiny-ir', split: 'test' },
      { signal: stop.signal, onEncoded: ({ encoded }) => encoded === total && setImmediate(() => stop.abort()) },
    );
    await expect(evaluation).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('correlates cosines with grades', async () => {
    const { server, model } = await serve();
    const [result] = await server.evaluate(
      { model, tokens: 'tiny-sts', split: 'test' },
      { signal, onEncoded: () => {} },
    );
    expect(result).toMatchObject({ task: 'sts', main: 'cosine_spearman', count: 32, documents: 0 });
    expect(result!.metrics['cosine_spearman']).toBeGreaterThan(0.2);
  });

  it('compares first components, normalised again, each dimension by itself', async () => {
    const { server, model } = await serve();
    const options = { signal, onEncoded: () => {} };
    const dimensions = [16, 5];
    for (const task of ['ir', 'sts'] as const) {
      const request = { model, tokens: `tiny-${task}`, split: 'test' } as const;
      const [whole] = await server.evaluate(request, options);
      const [full, cut] = await server.evaluate({ ...request, dimensions }, options);
      const { seconds: _, ...figures } = whole!;
      expect(full).toMatchObject({ ...figures, dimension: 16 });
      expect(whole).not.toHaveProperty('dimension');
      const file = task === 'ir' ? tinyTokenFile('ir', 18, 11) : tinyTokenFile('sts', 32, 12);
      const { query, positives, documents } = file.splits.test;
      const others = task === 'ir' ? documents : positives.values;
      const { data } = await server.encode(
        { model, texts: gatherTexts(file.texts, [...query, ...others]), task },
        signal,
      );
      const rows = Array.from({ length: query.length + others.length }, (_row, i) => {
        const first = data.subarray(i * 16, i * 16 + 5);
        const length = Math.hypot(...first);
        return Float32Array.from(first, (value) => value / length);
      });
      const cosine = (i: number, j: number) => rows[i]!.reduce((sum, value, c) => sum + value * rows[j]![c]!, 0);
      expect(cut).toMatchObject({ dimension: 5, tokens: whole!.tokens });
      if (task === 'sts') {
        const cosines = Array.from(others, (_text, pair) => cosine(pair, query.length + pair));
        const expected = pearson(cosines, positives.scores) as { value: number };
        expect(cut!.metrics['cosine_pearson']).toBeCloseTo(expected.value, 5);
      } else {
        let sum = 0;
        query.forEach((_text, i) => {
          const scores = Array.from(documents, (_document, d) => cosine(i, query.length + d));
          const ranking = scores.map((_score, d) => d).sort((a, b) => scores[b]! - scores[a]! || b - a);
          sum += queryMetrics({ ranked: ranking.map((d) => (d === i ? 1 : 0)), judged: [1] })['ndcg_at_10']!;
        });
        expect(cut!.metrics['ndcg_at_10']).toBeCloseTo(sum / query.length, 5);
      }
    }
  });

  it('refuses a split without records, a model and a token file that are not there', async () => {
    const { server, model } = await serve();
    const options = { signal, onEncoded: () => {} };
    const request = { model, tokens: 'tiny-sts', split: 'dev' } as const;
    await expect(server.evaluate(request, options)).rejects.toMatchObject({ details: { field: 'split' } });
    const missing = { ...request, split: 'test' as const };
    await expect(server.evaluate({ ...missing, model: 'd'.repeat(64) }, options)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(server.evaluate({ ...missing, tokens: 'none' }, options)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('refuses tokens of another vocabulary', async () => {
    const { server, model, storage } = await serve();
    const file = tinyTokenFile('sts', 8, 1);
    file.texts.ids[3] = 4_000_000;
    await publishTokenFile(storage, 'broken', file);
    await expect(
      server.evaluate({ model, tokens: 'broken', split: 'test' }, { signal, onEncoded: () => {} }),
    ).rejects.toMatchObject({ details: { field: 'texts' } });
  });
});

describe('pages of vectors', () => {
  it('are no wider than the grid of a product', () => {
    const gpu = { largestBinding: 2 ** 31 };
    expect(rowsPerPage(gpu, 64)).toBe(65_535 * 32 - 32);
    expect(rowsPerPage(gpu, 4096)).toBe(2 ** 17);
  });
});

describe('search', () => {
  const dimension = 16;
  const vectors = random(8).floats(300 * dimension);

  async function segment(count = 300) {
    const path = join(folder(), `segment-${count}`);
    const bytes = new Uint8Array(vectors.buffer, 0, count * dimension * 4);
    await writeFile(path, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { key: `k${count}`, path, sha256, count, dimension };
  }

  it('finds the best rows of a segment file, best first', async () => {
    const { server } = await serve();
    const queries = { data: vectors.slice(0, 3 * dimension), count: 3, dimension };
    const found = await server.search({ segment: await segment(), queries, k: 5 });
    expect(found.k).toBe(5);
    for (let query = 0; query < 3; query++) {
      const scores = Array.from({ length: 300 }, (_, row) => dot(vectors, query, row, dimension));
      const expected = scores.map((_, row) => row).sort((a, b) => scores[b]! - scores[a]! || a - b);
      expect([...found.rows.subarray(query * 5, query * 5 + 5)]).toEqual(expected.slice(0, 5));
      expect(found.scores[query * 5]).toBeCloseTo(scores[expected[0]!]!, 4);
    }
  });

  it('gives fewer hits where there are fewer rows, and none of an empty collection', async () => {
    const { server } = await serve();
    const queries = { data: vectors.slice(0, dimension), count: 1, dimension };
    expect((await server.search({ segment: await segment(2), queries, k: 10 })).rows.length).toBe(2);
    expect(await server.search({ segment: await segment(0), queries, k: 10 })).toMatchObject({ k: 0 });
  });

  it('ends for a caller that is gone, and leaves the segment to the next', async () => {
    const { server } = await serve();
    const queries = { data: vectors.slice(0, 300 * dimension), count: 300, dimension };
    const request = { segment: await segment(), queries, k: 1 };
    const gone = new Error('gone');
    await expect(server.search(request, AbortSignal.abort(gone))).rejects.toBe(gone);
    // Aborted while the first of two tiles of queries is on its way.
    const stop = new AbortController();
    const searching = server.search(request, stop.signal);
    setTimeout(() => stop.abort(gone), 0);
    await expect(searching).rejects.toBe(gone);
    expect((await server.search(request)).rows).toHaveLength(300);
  });

  it('refuses another dimension, a bad k and a damaged segment', async () => {
    const { server } = await serve();
    const queries = { data: vectors.slice(0, dimension), count: 1, dimension };
    const good = await segment();
    const odd = { data: vectors.slice(0, 8), count: 1, dimension: 8 };
    await expect(server.search({ segment: good, queries: odd, k: 1 })).rejects.toMatchObject({
      details: { field: 'queries' },
    });
    await expect(server.search({ segment: good, queries, k: 0 })).rejects.toMatchObject({ details: { field: 'k' } });
    await expect(server.search({ segment: { ...good, key: 'x', count: 299 }, queries, k: 1 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(
      server.search({ segment: { ...good, key: 'y', path: join(folder(), 'none') }, queries, k: 1 }),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('refuses a segment of which one bit is another', async () => {
    const gpu = await testGpu();
    const { server } = await serve();
    const queries = { data: vectors.slice(0, dimension), count: 1, dimension };
    const whole = await segment();
    const bytes = await readFile(whole.path);
    bytes[4_711]! ^= 1;
    const path = join(folder(), 'flipped');
    await writeFile(path, bytes);
    const before = gpu.memory().persistent;
    await expect(server.search({ segment: { ...whole, key: 'flipped', path }, queries, k: 1 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'segment-lost' },
    });
    expect(gpu.memory().persistent).toBe(before);
  });

  it('forgets what it is told to, and gives the memory back', async () => {
    const gpu = await testGpu();
    const { server } = await serve();
    const before = gpu.memory().persistent;
    const queries = { data: vectors.slice(0, dimension), count: 1, dimension };
    await server.search({ segment: await segment(), queries, k: 1 });
    expect(gpu.memory().persistent).toBeGreaterThan(before);
    await server.forget({ segment: 'k300' });
    expect(gpu.memory().persistent).toBe(before);
  });
});
