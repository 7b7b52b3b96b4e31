/** An evaluation as mteb writes results: names, rounding, what is undefined. test/mteb lets mteb itself read one. */
import { expect, it } from 'vitest';
import { mtebLanguage } from '../../src/evaluation/mteb-language.ts';
import { mtebResult } from '../../src/evaluation/mteb-result.ts';

const dataset = { name: 'docs', digest: 'ab'.repeat(32), language: 'ja' };

it('has the scores of one split of one subset', () => {
  const metrics = { ndcg_at_10: 0.1234567, mrr_at_10: 1 / 3, map_at_10: 0.000004 };
  expect(mtebResult({ main: 'ndcg_at_10', metrics, seconds: 1.5, split: 'test' }, dataset)).toEqual({
    dataset_revision: dataset.digest,
    task_name: 'docs',
    mteb_version: expect.stringMatching(/^2\.\d+\.\d+$/),
    scores: {
      test: [
        {
          ...{ ndcg_at_10: 0.12346, mrr_at_10: 1 / 3, map_at_10: 0 },
          ...{ main_score: 0.12346, hf_subset: 'default', languages: ['jpn-Jpan'] },
        },
      ],
    },
    evaluation_time: 1.5,
    kg_co2_emissions: null,
  });
});

it('has null for what is undefined', () => {
  const result = mtebResult(
    { main: 'cosine_spearman', metrics: { cosine_spearman: null }, seconds: 0, split: 'dev' },
    dataset,
  );
  expect(result.scores.dev).toMatchObject([{ cosine_spearman: null, main_score: null }]);
});

it.each([
  ['en', 'eng-Latn'],
  ['en-GB', 'eng-Latn'],
  ['zh', 'cmn-Hans'],
  ['zh-TW', 'cmn-Hant'],
  ['zh-Hant', 'cmn-Hant'],
  ['ko', 'kor-Hang'],
  ['sr', 'srp-Cyrl'],
  ['sr-Latn', 'srp-Latn'],
  ['or', 'ory-Orya'],
  ['pt-BR', 'por-Latn'],
  ['haw', 'haw-Latn'],
  ['und', 'und-Zyyy'],
  ['no language', 'und-Zyyy'],
  [null, 'und-Zyyy'],
])('names the language %s as mteb does, %s', (tag, name) => {
  expect(mtebLanguage(tag)).toBe(name);
});
