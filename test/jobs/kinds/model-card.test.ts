/** The model card of an export: its metadata to the letter, and names that would be more than text. */
import { describe, expect, it } from 'vitest';
import { type CardFacts, modelCard } from '../../../src/jobs/kinds/common/model-card.ts';

const retrieval = {
  task: 'ir',
  split: 'test',
  main: 'ndcg_at_10',
  metrics: { ndcg_at_10: 0.5123456, mrr_at_10: 1 / 3, map_at_100: null, recall_at_100: 1, ndcg_at_1: 0.25 },
  count: 12,
} as const;
const similarity = {
  task: 'sts',
  split: 'dev',
  main: 'cosine_spearman',
  metrics: { cosine_spearman: -0.25, cosine_pearson: 0, manhattan_spearman: 0.5 },
  count: 7,
} as const;
const digest = 'ab'.repeat(32);

const facts: CardFacts = {
  task: null,
  model: { name: 'mine', family: 'bert', dimension: 8, maxLength: 32, pooling: ['mean'], parameters: 1000 },
  training: { fusion: null, stages: [{ datasets: ['docs', 'pairs'], step: 40, epoch: 2 }] },
  evaluations: [
    { evaluation: retrieval, dataset: { name: 'docs', digest } },
    { evaluation: similarity, dataset: { name: 'pairs', digest } },
  ],
};

const metadataOf = (card: string): string => card.split('---\n')[1]!;

describe('a model card', () => {
  it('has the evaluations as model-index metadata', () => {
    expect(metadataOf(modelCard(facts))).toBe(`library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- sentence-transformers
- sentence-similarity
- feature-extraction
- tandem
model-index:
- name: "mine"
  results:
  - task:
      type: text-retrieval
      name: Retrieval
    dataset:
      type: "docs"
      name: "docs"
      config: default
      split: test
      revision: "${digest}"
    metrics:
    - type: ndcg_at_10
      value: 0.51235
    - type: mrr_at_10
      value: 0.33333
    - type: recall_at_100
      value: 1
  - task:
      type: sentence-similarity
      name: STS
    dataset:
      type: "pairs"
      name: "pairs"
      config: default
      split: dev
      revision: "${digest}"
    metrics:
    - type: cosine_spearman
      value: -0.25
    - type: cosine_pearson
      value: 0
`);
  });

  it('says where the weights come from', () => {
    const of = (training: CardFacts['training']) => modelCard({ ...facts, training });
    const { stages } = facts.training;
    expect(of(facts.training)).toContain('\nIt was trained by Tandem on docs, pairs: 40 updates, epoch 2.\n');
    expect(of({ fusion: null, stages: [] })).toContain('\nIt was not trained by Tandem.\n');
    const text = 'uniform-soup\n├─ `one`\n└─ two';
    const fusion = { method: 'uniform-soup', datasets: ['docs', 'pairs'], text } as const;
    const fused = 'It was fused from checkpoints of training on docs, pairs (uniform-soup)';
    expect(of({ fusion, stages: [] })).toContain(`\n${fused}.\n`);
    const tree = '\n\n## Fusion\n\n    uniform-soup\n    ├─ `one`\n    └─ two\n\n## Usage\n';
    expect(of({ fusion, stages: [] })).toContain(tree);
    expect(of(facts.training)).not.toContain('## Fusion');
    const later = [...stages, { datasets: ['<more>'], step: 7, epoch: 0 }];
    expect(of({ fusion, stages: later })).toContain(
      `\n${fused}; then trained by Tandem on docs, pairs: 40 updates, epoch 2; ` +
        'then trained by Tandem on &#60;more&#62;: 7 updates, epoch 0.\n',
    );
  });

  it('has no model-index without a figure', () => {
    const nothing = { ...similarity, metrics: { cosine_spearman: null } };
    for (const evaluations of [[], [{ evaluation: nothing, dataset: { name: 'pairs', digest } }]]) {
      expect(modelCard({ ...facts, evaluations })).not.toContain('model-index');
    }
    expect(modelCard({ ...facts, evaluations: [] })).toContain('was not evaluated before it was exported');
  });

  it('takes every name as a text', () => {
    const name = '"]\n---\n| a | <b> `c` \u2028\u0085';
    const model = { ...facts.model, name };
    const card = modelCard({ ...facts, model, evaluations: [{ evaluation: similarity, dataset: { name, digest } }] });
    expect(metadataOf(card)).toContain('- name: "\\"]\\n---\\n| a | <b> `c` \\u2028\\u0085"\n');
    expect(card).toContain('\n# "&#93; --- &#124; a &#124; &#60;b&#62; &#96;c&#96; ');
    const row = card.split('\n').find((line) => line.includes('cosine_pearson |'));
    expect(row!.split('|')).toHaveLength(7);
  });
});
