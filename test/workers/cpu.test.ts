/** The compiled CPU thread, through every command. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerEntry } from '../../src/assets.ts';
import type { CreatedModel } from '../../src/authoring/types.ts';
import type { DatasetSummary, TextTriple } from '../../src/data/types.ts';
import type { TextRole } from '../../src/model/types.ts';
import type { TokenizeTextsInput } from '../../src/tokens/types.ts';
import type { CpuCommands, ThreadData } from '../../workers/protocol.ts';
import { type Connection, connect } from '../../workers/runtime.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('the CPU thread', () => {
  const folder = temporaryFolder();
  let cpu: Connection<CpuCommands>;
  const datasets: DatasetSummary[] = [];
  let model: CreatedModel;

  beforeAll(async () => {
    const workerData: ThreadData = { storageRoot: folder(), adapter: 'auto' };
    cpu = connect<CpuCommands>(new Worker(workerEntry('cpu'), { workerData }), 'CPU');
    for (const task of ['ir', 'sts'] as const) {
      const source = { kind: 'sample', task, seed: 1 } as const;
      datasets.push(
        await cpu.call('importDataset', {
          source,
          importer: 'codiemb-jsonl',
          options: {},
          scale: [0, 1],
        }),
      );
    }
    model = await cpu.call('createModel', {
      family: 'bert',
      architecture: { layers: 1, width: 16, heads: 2, innerWidth: 32, maxPositions: 64 },
      vocabularySize: 500,
      vocabularyFrom: datasets.map(({ digest }) => digest),
      pooling: 'mean',
      heads: { ir: 'none', sts: 'none' },
      includePrompt: false,
      templates: { query: 'Instruction: {task} Query: ', sts: 'Instruction: {task} Query: ', passage: '' },
      maxLength: 32,
      seed: 1,
    });
  });
  afterAll(() => cpu.close());

  it('imports the sample data and makes a model of it', () => {
    expect(datasets.map(({ task }) => task)).toEqual(['ir', 'sts']);
    expect(datasets.every(({ counts }) => counts.train > 0 && counts.dev > 0 && counts.test > 0)).toBe(true);
    expect(model).toMatchObject({ dimension: 16, layers: 1, vocabularySize: 500 });
  });

  it('tokenises a data set once', async () => {
    const request = { dataset: datasets[0].digest, model: model.digest, maxLength: 32 };
    const [first, second] = [await cpu.call('tokenizeDataset', request), await cpu.call('tokenizeDataset', request)];
    expect(first.tokens).toBeGreaterThan(first.texts);
    expect(second).toEqual(first);
    await access(join(folder(), 'objects/tokens', first.key, 'manifest.json'));
  });

  it('tokenises the texts of a request, packed', async () => {
    const texts: { role: TextRole; text: TextTriple }[] = [
      { role: 'query', text: ['Find the remedy.', '', 'pump leaks'] },
      { role: 'passage', text: ['Find the remedy.', 'note: ', 'pump leaks'] },
      { role: 'passage', text: ['', '', 'x'.repeat(50).split('').join(' ')] },
    ];
    const ask = (input: Omit<TokenizeTextsInput, 'model'>) =>
      cpu.call('tokenizeTexts', { model: model.digest, ...input });
    const { encoded, truncated, prompts } = await ask({ texts });
    const { ids, cumulative, poolStart } = encoded;
    expect(prompts).toEqual({ query: 'Instruction: Find the remedy. Query: ', passage: '' });
    expect(truncated).toEqual([false, false, true]);
    expect([cumulative[0], cumulative[3] - cumulative[2], ids.length]).toEqual([0, 32, cumulative[3]]);
    expect([ids[cumulative[1] - 1], ids[cumulative[1]]]).toEqual([3, 2]);
    expect(poolStart[0]).toBeGreaterThan(5);
    expect([...poolStart.subarray(1)]).toEqual([0, 0]);
    // A text alone gives the same tokens.
    const alone = await ask({ texts: texts.slice(1, 2) });
    expect(alone.encoded.ids).toEqual(ids.slice(cumulative[1], cumulative[2]));
    expect((await ask({ texts, maxLength: 4 })).encoded.ids).toHaveLength(12);
    expect((await ask({ texts: [] })).encoded.cumulative).toEqual(new Uint32Array([0]));
    await expect(ask({ texts, maxLength: 65 })).rejects.toMatchObject({ details: { field: 'maxLength' } });
    await expect(cpu.call('tokenizeTexts', { model: 'feed', texts })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('evaluates the bag of words on both tasks', async () => {
    for (const { digest, task } of datasets) {
      const result = await cpu.call('evaluateBagOfWords', { dataset: digest, split: 'test' });
      expect(result.task).toBe(task);
      expect(result.metrics[result.main]).toBeGreaterThan(0.05);
    }
  });

  it('fuses, and carries errors of every command', async () => {
    const plan = { method: 'uniform-soup', parameters: {} } as const;
    const input = { plan, initial: model.digest, checkpoints: [model.digest, model.digest] };
    const fused = await cpu.call('fuse', input);
    const { spec: _spec, ...summary } = model;
    expect(fused).toEqual({ ...summary, digest: fused.digest, bytes: expect.any(Number), figures: [] });
    await expect(cpu.call('fuse', { ...input, checkpoints: [] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const stopped = cpu.call('fuse', input, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
  });
});
