import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../../src/authoring/create-model.ts';
import type { CreateModelInput } from '../../src/authoring/types.ts';
import { createRecordFile } from '../../src/data/record-file.ts';
import type { TextTriple } from '../../src/data/types.ts';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { loadTokenizer } from '../../src/tokenizer/open.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const triple = (text: string): TextTriple => ['find it', '', text];

/** A retrieval version with one record per split; each split has words of its own. */
async function publishDataset(storage: Storage, onlyTest: boolean): Promise<string> {
  const staged = await storage.stage();
  const file = await createRecordFile(staged, { task: 'ir', scale: [0, 1], ignoreIdenticalIds: false });
  for (const split of onlyTest ? (['test'] as const) : (['train', 'test'] as const)) {
    const word = split === 'train' ? 'pump' : 'valve';
    await file.write({
      kind: 'record',
      split,
      id: split,
      task: 'ir',
      query: triple(`${word} noise`),
      positives: [triple(`the ${word} is loose`)],
      negatives: [triple('grease')],
      positiveScores: [1],
      negativeScores: [],
      positiveDocuments: [split],
    });
    await file.write({ kind: 'document', splits: [split], id: split, text: triple(`manual of the ${word}`) });
  }
  const { digest } = await file.finish([]);
  await storage.publish('datasets', staged, { name: digest });
  return digest;
}

describe('creating a model', () => {
  const folder = temporaryFolder();
  let storage: Storage;
  let dataset = '';
  let testOnly = '';
  beforeAll(async () => {
    storage = openStorage(folder());
    dataset = await publishDataset(storage, false);
    testOnly = await publishDataset(storage, true);
  });

  const input = (changes: Partial<CreateModelInput> = {}): CreateModelInput => ({
    family: 'bert',
    architecture: { layers: 1, width: 16, heads: 4, innerWidth: 32, maxPositions: 64 },
    vocabularySize: 120,
    vocabularyFrom: [dataset],
    pooling: 'mean',
    heads: { ir: 'none', sts: 'none' },
    includePrompt: false,
    templates: { query: 'Instruction: {task} Query: ', sts: '{task} ', passage: '' },
    maxLength: 48,
    seed: 1,
    ...changes,
  });

  it('learns the vocabulary from the train split only, prompts included, and publishes theta_0', async () => {
    const stages: string[] = [];
    const model = await createModel(storage, input(), { onStage: (stage) => stages.push(stage) });
    expect(stages).toEqual(['vocabulary', 'parameters']);
    expect(model).toMatchObject({ family: 'bert', dimension: 16, layers: 1, maxLength: 48 });
    expect(model.vocabularySize).toBeLessThanOrEqual(120);
    const path = storage.path('models', model.digest);
    const opened = await readModelFolder(path);
    expect(opened.spec).toMatchObject({ initialisation: null, templates: input().templates });
    expect(opened.spec.architecture.vocabularySize).toBe(model.vocabularySize);
    await opened.close();
    const tokenizer = await loadTokenizer(join(path, 'tokenizer.json'));
    const [known, unseen] = await tokenizer.tokenize(['Instruction pump noise grease manual', 'valve']);
    expect(known.ids).toHaveLength(7);
    expect([...unseen.ids]).toContain(1);
  });

  it('gives the same model for the same input, another for another seed', async () => {
    const [first, second, other] = [
      await createModel(storage, input()),
      await createModel(storage, input()),
      await createModel(storage, input({ seed: 2 })),
    ];
    expect(second).toEqual(first);
    expect(other.digest).not.toBe(first.digest);
  });

  it("fills in the catalog's sizes", async () => {
    const model = await createModel(storage, input({ architecture: {}, maxLength: 512 }));
    expect(model).toMatchObject({ layers: 2, dimension: 64, maxLength: 512 });
  });

  it.each<[string, Partial<CreateModelInput>]>([
    ['family', { family: 'gpt' as 'bert' }],
    ['pooling', { pooling: 'median' as 'mean' }],
    ['vocabularyFrom', { vocabularyFrom: [] }],
    ['vocabularySize', { vocabularySize: 5 }],
    ['vocabularySize', { vocabularySize: 2_000_000 }],
    ['seed', { seed: -1 }],
    ['templates.query', { templates: { query: '{name}', sts: '', passage: '' } }],
    ['architecture.heads', { architecture: { width: 64, heads: 5 } }],
    ['architecture.width', { architecture: { width: 8.5 } }],
    ['architecture.layers', { architecture: { layers: 0 } }],
    ['architecture.depth', { architecture: { depth: 2 } }],
    ['maxLength', { maxLength: 65 }],
    ['maxLength', { maxLength: 2 }],
  ])('refuses a wrong %s by name', async (field, changes) => {
    const refused = createModel(storage, input(changes));
    await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
  });

  it('refuses data sets that are not there or have no train split, and leaves nothing', async () => {
    const before = await readdir(join(storage.root, 'objects/models'));
    const none = createModel(storage, input({ vocabularyFrom: [testOnly] }));
    await expect(none).rejects.toThrow('no text in their train split');
    await expect(createModel(storage, input({ vocabularyFrom: ['feed'] }))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    const stopped = createModel(storage, input({ seed: 3 }), { signal: AbortSignal.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    expect(await readdir(join(storage.root, 'objects/models'))).toEqual(before);
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });
});
