/** Which texts a batch shows, and in which order. */
import { describe, expect, it } from 'vitest';
import type { PlannedBatch } from '../../src/data/samplers/sampler.ts';
import type { LossTerm } from '../../src/nn/losses/catalog.ts';
import type { TokenFile } from '../../src/tokens/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { drawBatch } from '../../src/train/draw.ts';
import type { GlobalBatch } from '../../src/train/global-batch.ts';
import { tinySettings, tinyTokenFile } from './fixture.ts';

/** Every text of the file has an id of its own: its number. */
function numbered(task: 'ir' | 'sts'): TokenFile {
  const file = tinyTokenFile(task, 6, 1);
  const count = file.texts.poolStart.length;
  const texts = {
    ids: Uint32Array.from({ length: count }, (_, text) => text),
    cumulative: Uint32Array.from({ length: count + 1 }, (_, text) => text),
    poolStart: new Uint32Array(count),
  };
  return { ...file, texts };
}

function draw(file: TokenFile, records: readonly number[], changes: Partial<RunSettings> = {}, epoch = 0): GlobalBatch {
  const dataset = { name: 'x', task: file.task, weight: 1, digest: '', tokens: '' };
  const planned: PlannedBatch = { dataset: 0, records: Uint32Array.from(records), pass: 0 };
  return drawBatch({ settings: tinySettings(changes), epoch, data: [{ dataset, file }] }, planned);
}

const infonce = (parameters: LossTerm['parameters'] = {}): LossTerm => ({ loss: 'infonce', weight: 1, parameters });
const symmetric: LossTerm = { loss: 'symmetric-infonce', weight: 1, parameters: {} };

/** Three positives a record. Records 0 and 2 share their query; a negative of record 1 is a positive of record 0. */
function severalPositives(): TokenFile {
  const file = numbered('ir');
  const { train } = file.splits;
  const query = train.query.with(2, train.query[0]!);
  const values = Uint32Array.from({ length: 18 }, (_, at) => 40 + at);
  const starts = Uint32Array.from({ length: 7 }, (_, record) => 3 * record);
  const positives = { starts, values, scores: new Float32Array(18).fill(1) };
  const negatives = { ...train.negatives, values: train.negatives.values.with(2, values[1]!) };
  const texts = {
    ids: Uint32Array.from({ length: 58 }, (_, text) => text),
    cumulative: Uint32Array.from({ length: 59 }, (_, text) => text),
    poolStart: new Uint32Array(58),
  };
  return { ...file, texts, splits: { ...file.splits, train: { ...train, query, positives, negatives } } };
}

describe('a drawn batch', () => {
  it('of STS has the queries first, then the partners, with their grades', () => {
    const file = numbered('sts');
    const { query, positives } = file.splits.train;
    const batch = draw(file, [4, 1]);
    expect([...batch.texts.ids]).toEqual([query[4], query[1], positives.values[4], positives.values[1]]);
    expect(batch).toMatchObject({ task: 'sts', size: 2, grades: Float32Array.of(1, 0.25) });
  });

  it('of IR has queries, positives and negatives, the latter query by query', () => {
    const file = numbered('ir');
    const { query, positives, negatives } = file.splits.train;
    const ids = [...draw(file, [5, 0], { positives: 2, negatives: 2 }).texts.ids];
    expect(ids.slice(0, 2)).toEqual([query[5], query[0]]);
    // The only positive is repeated; both negatives are shown, in random order.
    expect(ids.slice(2, 6)).toEqual([
      positives.values[5],
      positives.values[5],
      positives.values[0],
      positives.values[0],
    ]);
    expect(ids.slice(6, 8).sort()).toEqual([...negatives.values.subarray(10, 12)].sort());
    expect(ids.slice(8).sort()).toEqual([...negatives.values.subarray(0, 2)].sort());
  });

  it('carries the scores of a teacher along', () => {
    const file = numbered('ir');
    const { train } = file.splits;
    const taught = {
      ...train,
      positives: { ...train.positives, teacher: Float32Array.from(train.positives.values) },
      negatives: { ...train.negatives, teacher: Float32Array.from(train.negatives.values, (text) => -text) },
    };
    const batch = draw({ ...file, splits: { ...file.splits, train: taught } }, [5, 2], { positives: 2, negatives: 2 });
    const [positives, negatives] = [[...batch.texts.ids].slice(2, 6), [...batch.texts.ids].slice(6)];
    const teacherScores = {
      positives: Float32Array.from(positives),
      negatives: Float32Array.from(negatives, (text) => -text),
    };
    expect(batch).toMatchObject({ teacherScores });
    const without = { ...train, positives: { ...train.positives }, negatives: { ...train.negatives } };
    delete (without.positives as { teacher?: unknown }).teacher;
    delete (without.negatives as { teacher?: unknown }).teacher;
    expect(draw({ ...file, splits: { ...file.splits, train: without } }, [5])).not.toHaveProperty('teacherScores');
  });

  it('shows other negatives in other epochs, the same ones when it is drawn again', () => {
    const file = numbered('ir');
    const all = [0, 1, 2, 3, 4, 5];
    const negatives = (epoch: number): number[] => [...draw(file, all, {}, epoch).texts.ids].slice(12);
    expect(negatives(1)).toEqual(negatives(1));
    expect(new Set([0, 1, 2, 3].map((epoch) => negatives(epoch).join())).size).toBeGreaterThan(1);
  });

  it('masks the places of a query without negatives, and has none where no query has any', () => {
    const file = numbered('ir');
    const { train } = file.splits;
    const starts = Uint32Array.of(0, 2, 2, 4, 6, 8, 10);
    const sparse = {
      ...file,
      splits: { ...file.splits, train: { ...train, negatives: { ...train.negatives, starts } } },
    };
    const mixed = draw(sparse, [0, 1]);
    expect(mixed).toMatchObject({ negatives: 1, negativeMask: Uint8Array.of(1, 0) });
    expect(mixed.texts.ids[5]).toBe(train.query[1]);
    const none = draw(sparse, [1]);
    expect(none).toMatchObject({ negatives: 0, size: 1 });
    expect(none.texts.ids.length).toBe(2);
  });

  it('shows one positive of each query where no loss reads another', () => {
    const file = severalPositives();
    const of = (ir: readonly LossTerm[]): GlobalBatch =>
      draw(file, [0, 1, 2, 3], { positives: 3, losses: { ir, sts: [] } });
    const whole = of([infonce({ positives: 'all' })]);
    expect(whole).toMatchObject({ positives: 3 });
    const one = of([infonce({ positives: 'sample' }), { loss: 'spread-out', weight: 1, parameters: {} }]);
    expect(one).toMatchObject({ positives: 1, slots: new Uint32Array(4) });
    // The drawn one is the first of those that would be drawn.
    const firsts = [0, 3, 6, 9].map((at) => whole.texts.ids[4 + at]);
    expect([...one.texts.ids.subarray(4, 8)]).toEqual(firsts);
    expect(one.texts.ids.length).toBe(4 * (1 + 1 + 1));
    expect(of([infonce({ positives: 'sample' }), symmetric]).texts.ids.length).toBe(whole.texts.ids.length);
  });

  it('knows all positives of all its records with the text of a query, of those that are candidates', () => {
    const file = severalPositives();
    const losses = { ir: [infonce({ knownPositives: true })], sts: [] };
    const batch = draw(file, [0, 1, 2, 3], { positives: 1, negatives: 2, losses });
    if (batch.task !== 'ir') throw new Error('IR was drawn as STS');
    const { query, positives, negatives } = file.splits.train;
    const { positives: shown, negatives: others, known } = batch.candidateTexts!;
    expect([...shown, ...others]).toEqual([...batch.texts.ids.subarray(4)]);
    const columns = new Set(batch.texts.ids.subarray(4));
    const listOf = (records: readonly number[]) =>
      records.flatMap((record) => [...positives.values.subarray(record * 3, record * 3 + 3)]);
    // Records 0 and 2 have one query text; a negative of record 1 is a positive of record 0.
    expect(query[0]).toBe(query[2]);
    expect(listOf([0])).toContain(negatives.values[2]);
    const expected = [[0, 2], [1], [0, 2], [3]].map((records) => listOf(records).filter((text) => columns.has(text)));
    expect(known.map((texts) => [...texts].sort((a, b) => a - b))).toEqual(
      expected.map((texts) => [...new Set(texts)].sort((a, b) => a - b)),
    );
    expect(known[0]).toContain(negatives.values[2]);
    expect(draw(file, [0, 1], { losses: { ir: [infonce()], sts: [] } })).not.toHaveProperty('candidateTexts');
  });
});
