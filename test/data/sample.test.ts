import { beforeAll, describe, expect, it } from 'vitest';
import { importDataset } from '../../src/data/import.ts';
import { type Dataset, openDataset } from '../../src/data/record-file.ts';
import { actions, causes, parts, symptomFamilies } from '../../src/data/sample/lexicon.ts';
import { relevance } from '../../src/data/sample/retrieval.ts';
import { similarity } from '../../src/data/sample/similarity.ts';
import { splitMatters } from '../../src/data/sample/world.ts';
import { type Split, splits, type Task } from '../../src/data/types.ts';
import { evaluateBagOfWords, wordsOf } from '../../src/evaluation/bag-of-words.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { all } from './import-helpers.ts';

const folder = temporaryFolder();
let storage: Storage;
beforeAll(() => {
  storage = openStorage(folder());
});

const importSample = (task: Task, seed: number) =>
  importDataset(storage, {
    source: { kind: 'sample', task, seed },
    importer: 'codiemb-jsonl',
    options: {},
    scale: [0, 1],
  });

async function open(task: Task, seed: number): Promise<Dataset> {
  return openDataset(storage, (await importSample(task, seed)).digest);
}

/** Every text of a split: queries, partners, passages and documents. */
async function textsOf(dataset: Dataset, split: Split): Promise<Set<string>> {
  const texts = new Set<string>();
  for (const { query, positives, negatives } of await all(dataset.records(split))) {
    for (const [, , text] of [query, ...positives, ...negatives]) texts.add(text);
  }
  for (const { text } of await all(dataset.documents(split))) texts.add(text[2]);
  return texts;
}

describe('the lexicon', () => {
  it('has 30 parts, 30 symptoms and 20 actions, and gives a phrase to one entry only', () => {
    const symptoms = symptomFamilies.flatMap((family) => family.symptoms);
    expect([parts.length, symptoms.length, actions.length]).toEqual([30, 30, 20]);
    const phrases = [parts.map(({ names }) => names), symptoms, actions, causes].flat(2);
    expect(new Set(phrases).size).toBe(phrases.length);
    for (const entry of [...parts.map(({ names }) => names), ...symptoms, ...actions])
      expect(entry.length).toBeGreaterThan(2);
  });
});

describe('the sample data', () => {
  it.each([1, 2, 3])('seed %i: no test or dev text stands in train, in either task', async (seed) => {
    const datasets = [await open('ir', seed), await open('sts', seed)];
    const texts = async (split: Split) =>
      (await Promise.all(datasets.map((dataset) => textsOf(dataset, split)))).flatMap((set) => [...set]);
    const [train, dev, test] = await Promise.all(splits.map(texts));
    const known = new Set(train);
    expect([...dev!, ...test!].filter((text) => known.has(text))).toEqual([]);
    const tested = new Set(test);
    expect(dev!.filter((text) => tested.has(text))).toEqual([]);
  });

  it('is about a factory, large enough, and short', async () => {
    const [ir, sts] = [await open('ir', 1), await open('sts', 1)];
    expect(ir.summary.documentCounts.test).toBeGreaterThanOrEqual(400);
    expect(ir.summary.documentCounts.train).toBeGreaterThanOrEqual(1200);
    expect(ir.summary.counts.train).toBeGreaterThanOrEqual(900);
    expect(ir.summary.counts.test).toBeGreaterThanOrEqual(150);
    expect(sts.summary.counts).toEqual({ train: 1280, dev: 240, test: 600 });
    const texts = [...(await textsOf(ir, 'train')), ...(await textsOf(sts, 'train'))];
    const words = texts.map((text) => text.split(/\s+/).length);
    expect(Math.max(...words)).toBeLessThan(25);
    expect(Math.min(...words)).toBeGreaterThan(2);
    // Every text is filled in and begins like a sentence.
    expect(texts.filter((text) => !/^[\p{Lu}\d]/u.test(text) || /[{}]|undefined/.test(text))).toEqual([]);
  });

  it('grades retrieval by construction and stores near misses as negatives', async () => {
    const ir = await open('ir', 1);
    const train = await all(ir.records('train'));
    const documents = new Map((await all(ir.documents('train'))).map((document) => [document.id, document.text[2]]));
    for (const { positives, positiveScores, positiveDocuments, negatives } of train) {
      expect(positiveScores).toEqual([2, 2, 2, 1, 1, 1]);
      expect(positiveDocuments.map((id) => documents.get(id))).toEqual(positives.map(([, , text]) => text));
      expect(negatives.length).toBeGreaterThanOrEqual(2);
      const relevant = new Set(positives.map(([, , text]) => text));
      expect(negatives.some(([, , text]) => relevant.has(text))).toBe(false);
    }
    const meaning = { part: 1, family: 2, symptom: 0, action: 3 };
    const grades = [{}, { action: 9 }, { symptom: 1 }, { family: 3 }, { part: 2 }].map((change) =>
      relevance(meaning, { ...meaning, ...change }),
    );
    expect(grades).toEqual([2, 2, 1, 0, 0]);
  });

  it('grades similarity by the slots two reports share', async () => {
    const meaning = { part: 1, family: 2, symptom: 0, action: 3 };
    const grade = (change: Partial<typeof meaning>) => similarity(meaning, { ...meaning, ...change });
    expect([{}, { action: 9 }, { symptom: 1 }, { part: 2 }, { part: 2, family: 5, action: 9 }].map(grade)).toEqual([
      1, 0.75, 0.825, 0.6, 0,
    ]);
    const train = await all((await open('sts', 1)).records('train'));
    const grades = train.map(({ positiveScores }) => positiveScores[0]!);
    const equal = grades.filter((value) => value === 1).length;
    // Enough for the InfoNCE on the inner layer, which reads pairs of grade 1 only.
    expect(equal / grades.length).toBeGreaterThan(0.2);
    expect(new Set(grades).size).toBeGreaterThanOrEqual(8);
  });

  it('shows every word of test in train', async () => {
    for (const task of ['ir', 'sts'] as const) {
      const dataset = await open(task, 1);
      const known = new Set([...(await textsOf(dataset, 'train'))].flatMap(wordsOf));
      const unknown = [...(await textsOf(dataset, 'test'))].flatMap(wordsOf).filter((word) => !known.has(word));
      expect([...new Set(unknown)]).toEqual([]);
    }
  });

  it('splits matters without overlap, the same for both tasks, another way for another seed', () => {
    const key = ({ part, family }: { part: number; family: number }) => `${part} ${family}`;
    const matters = splitMatters(1);
    const keys = splits.flatMap((split) => matters[split].map(key));
    expect(new Set(keys).size).toBe(keys.length);
    expect(splitMatters(2).test.map(key)).not.toEqual(matters.test.map(key));
  });

  it('is the same version for the same seed', async () => {
    expect((await importSample('ir', 1)).digest).toBe((await importSample('ir', 1)).digest);
    expect((await importSample('ir', 2)).digest).not.toBe((await importSample('ir', 1)).digest);
  });

  it('is hard for counting words', async () => {
    for (const seed of [1, 2, 3]) {
      const score = async (task: Task) => evaluateBagOfWords(await open(task, seed), 'test');
      const [ir, sts] = [await score('ir'), await score('sts')];
      expect(ir.metrics['ndcg_at_10']).toBeGreaterThan(0.25);
      expect(ir.metrics['ndcg_at_10']).toBeLessThan(0.45);
      expect(sts.metrics['cosine_spearman']).toBeGreaterThan(0.2);
      expect(sts.metrics['cosine_spearman']).toBeLessThan(0.55);
    }
  });
});
