import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BagOfWords, dot, evaluateBagOfWords, wordsOf } from '../../src/evaluation/bag-of-words.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

describe('words', () => {
  it('are lower-cased runs of two or more letters or digits', () => {
    expect(wordsOf('The 24 V motor: no_signal, Öl a 7 x9 café')).toEqual([
      'the',
      '24',
      'motor',
      'no',
      'signal',
      'öl',
      'x9',
      'café',
    ]);
    expect(wordsOf('! ?')).toEqual([]);
  });

  it('are cut by ICU in scripts without spaces, beside words of other scripts', () => {
    expect(wordsOf('ピンクの長いカードがBMWの上に24枚、')).toEqual(
      ['ピンク', 'の', '長い', 'カード', 'が', 'bmw', 'の', '上', 'に', '24', '枚'], // biome-ignore format: one text
    );
    expect(wordsOf('机器学习很有趣。')).toContain('学习');
    expect(wordsOf('ฉันชอบแมว')).toEqual(['ฉัน', 'ชอบ', 'แมว']);
    expect(wordsOf('안녕 세계여')).toEqual(['안녕', '세계여']);
  });

  it('do not depend on how marks are encoded, nor end at one', () => {
    for (const text of ['カードが', 'café Öl', 'हिन्दी भाषा']) {
      expect(wordsOf(text.normalize('NFD'))).toEqual(wordsOf(text));
    }
    expect(wordsOf('हिन्दी भाषा')).toEqual(['हिन्दी', 'भाषा']);
  });
});

describe('BagOfWords', () => {
  it('weighs by 1 + ln count and ln((1+n)/(1+df)) + 1, normalised', () => {
    const bag = new BagOfWords();
    for (const text of ['pump leaks', 'pump pump noise', 'belt']) bag.fit(text);
    const pump = (1 + Math.log(2)) * (Math.log(4 / 3) + 1);
    const noise = Math.log(4 / 2) + 1;
    const norm = Math.hypot(pump, noise);
    expect([...bag.vector('Pump noise, PUMP and unknown').values()]).toEqual([pump / norm, noise / norm]);
    expect(dot(bag.vector('pump noise pump'), bag.vector('noise'))).toBeCloseTo(noise / norm, 15);
    expect(bag.vector('unknown').size).toBe(0);
  });
});

describe('evaluateBagOfWords', () => {
  const triple = (text: string) => ['', '', text];
  const ir = (query: string, positive: string, negative: string) => ({
    task_type: 'ir',
    query: triple(query),
    positives: [triple(positive)],
    negatives: [triple(negative)],
  });
  const sts = (query: string, partner: string, score: number) => ({
    task_type: 'sts',
    query: triple(query),
    positives: [triple(partner)],
    positive_scores: [score],
  });

  it('ranks the documents of the split', async () => {
    const work = workspace(join(folder(), 'ir'));
    const path = await work.files({
      'test.jsonl': lines(ir('oil leak', 'pump has an oil leak', 'belt slips'), ir('belt', 'motor is hot', 'the belt')),
    });
    const dataset = await work.open(path);
    const result = await evaluateBagOfWords(dataset, 'test');
    expect(result).toMatchObject({ task: 'ir', main: 'ndcg_at_10', count: 2, documents: 4 });
    expect(result.metrics['recall_at_1']).toBe(0.5);
    expect(result.metrics['mrr']).toBeLessThan(1);
    const train = await evaluateBagOfWords(dataset, 'train');
    expect(train.metrics['ndcg_at_10']).toBeNull();
  });

  it('tells Japanese pairs apart, and names what cut their words', async () => {
    const work = workspace(join(folder(), 'japanese'));
    const path = await work.files({
      'train.jsonl': lines(
        sts('白い犬が芝生の上で遊んでいます', '黒い猫が椅子で寝ています', 0),
        sts('女性が料理を作っています', '電車が駅に止まっています', 0),
      ),
      'test.jsonl': lines(
        sts('白い犬が芝生の上で遊んでいます', '白い犬が芝生で遊んでいます', 1),
        sts('黒い猫が椅子で寝ています', '猫が料理を作っています', 0.4),
        sts('女性が料理を作っています', '電車が駅に止まる', 0),
      ),
    });
    const dataset = await work.open(path);
    const result = await evaluateBagOfWords(dataset, 'test');
    expect(result.metrics['cosine_spearman']).toBeCloseTo(1, 12);
    expect(result.wordSegmenter).toBe(`ICU ${process.versions['icu']}`);
  });

  it('correlates pairs, fitted on train', async () => {
    const work = workspace(join(folder(), 'sts'));
    const path = await work.files({
      'train.jsonl': lines(sts('pump leaks', 'belt slips', 0.5), sts('motor hot', 'noise', 0.1)),
      'test.jsonl': lines(
        sts('pump leaks', 'pump leaks', 1),
        sts('pump hot', 'pump noise', 0.5),
        sts('belt', 'motor', 0),
      ),
    });
    const dataset = await work.open(path);
    const evaluate = (split: 'test' | 'dev') => evaluateBagOfWords(dataset, split);
    const result = await evaluate('test');
    expect(result).toMatchObject({ task: 'sts', main: 'cosine_spearman', count: 3, documents: 0 });
    expect(result.metrics['cosine_spearman']).toBeCloseTo(1, 12);
    expect(result.wordSegmenter).toBeNull();
    expect((await evaluate('dev')).undefinedReasons['cosine_spearman']).toContain('two pairs');
  });
});
