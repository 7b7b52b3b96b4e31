/** Which requests the key of a stored job stands for, by the schemas of the kinds. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSameInput } from '../../../src/jobs/engine/same-input.ts';
import { type JobKind, jobKindCatalog } from '../../../src/jobs/kinds/catalog.ts';
import { jobKinds } from '../../../src/jobs/kinds/index.ts';

const [a, b] = [randomUUID(), randomUUID()];
const whole = { evaluator: 'checkpoint', checkpointId: a, datasetId: b, split: 'test' };
const soup = { method: 'uniform-soup', parameters: {}, checkpointIds: [a] };
const documents = { collectionId: a, documents: 2, content: 'c' };

describe('a key of a stored job', () => {
  it.each<[string, JobKind, object, object]>([
    ['whole vectors among all documents, of a version without pooled', 'evaluate', whole, { ...whole, pooled: false }],
    ['the same numbers of components', 'evaluate', { ...whole, dimensions: [3] }, { ...whole, dimensions: [3] }],
    ['the base that was the only one', 'fuse', { ...soup, modelId: b }, { ...soup, modelId: b, baseId: null }],
    ['checkpoints whose model was not named', 'fuse', soup, { ...soup, modelId: b, baseId: null }],
    ['documents, which always replaced others', 'embed-collection', documents, { ...documents, replace: true }],
  ])('stands for %s', (_, kind, before, now) => {
    expect(isSameInput(jobKinds[kind], { ...before }, { ...now })).toBe(true);
  });

  it.each<[string, JobKind, object, object]>([
    ['a pooled corpus', 'evaluate', whole, { ...whole, pooled: true }],
    ['all documents after pooled ones', 'evaluate', { ...whole, pooled: true }, { ...whole, pooled: false }],
    ['first components', 'evaluate', whole, { ...whole, pooled: false, dimensions: [3] }],
    ['whole vectors after first components', 'evaluate', { ...whole, dimensions: [3] }, whole],
    ['another base', 'fuse', soup, { ...soup, modelId: b, baseId: a }],
    ['other checkpoints', 'fuse', soup, { ...soup, checkpointIds: [b], modelId: b, baseId: null }],
    ['documents that replace none', 'embed-collection', documents, { ...documents, replace: false }],
  ])('does not stand for %s', (_, kind, before, now) => {
    expect(isSameInput(jobKinds[kind], { ...before }, { ...now })).toBe(false);
  });

  it('stands for no input that a kind of today knows less of', () => {
    for (const { name } of jobKindCatalog) {
      expect(isSameInput(jobKinds[name], { gone: 1 }, {})).toBe(false);
      expect(isSameInput(jobKinds[name], {}, {})).toBe(true);
    }
  });
});
