/** Evaluation, fusion, export, alias. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createModel, fuse, graded, importRecords, plain } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

export function resultSuite(live: () => Live): void {
  const last = () => live().made.checkpoints.at(-1) ?? '';

  describe('evaluation', () => {
    it('measures a checkpoint and the baseline', async () => {
      const { ir, sts } = live().made;
      const fields =
        '{ evaluations { evaluator split count documents main { name value } checkpoint { id } dataset { name } } jobs { state kind } }';
      const query = `mutation($checkpoint: CheckpointChoice!, $datasets: [ID!]!) {
        evaluateCheckpoint(input: { checkpoint: $checkpoint, datasets: $datasets }) ${fields}
        evaluateBagOfWords(input: { datasets: $datasets }) ${fields}
      }`;
      const answer = await get(live(), query, { checkpoint: { id: last() }, datasets: [ir, sts] });
      const shape = (evaluator: string, checkpoint: object | null) => ({
        evaluations: [
          {
            evaluator,
            split: 'TEST',
            count: 6,
            documents: 12,
            main: { name: 'ndcg_at_10' },
            checkpoint,
            dataset: { name: 'ir' },
          },
          {
            evaluator,
            count: 6,
            documents: 0,
            main: { name: 'cosine_spearman' },
            checkpoint,
            dataset: { name: 'sts' },
          },
        ],
        jobs: [{ state: 'SUCCEEDED', kind: 'EVALUATE' }, {}],
      });
      expect(answer).toMatchObject({
        evaluateCheckpoint: shape('CHECKPOINT', { id: last() }),
        evaluateBagOfWords: shape('BAG_OF_WORDS', null),
      });
      const list =
        'query($id: ID!) { evaluations(filter: { checkpoint: $id }) { totalCount nodes { metrics { name value undefinedReason } } } }';
      expect(await get(live(), list, { id: last() })).toMatchObject({ evaluations: { totalCount: 2 } });
    });

    it('keeps the figures of each dimension', async () => {
      const { ir, sts } = live().made;
      const query = `mutation($input: EvaluateCheckpointInput!) {
        evaluateCheckpoint(input: $input) { evaluations { id dimension dataset { name } } jobs { id } }
      }`;
      const input = { checkpoint: { id: last() }, datasets: [ir, sts], dimensions: [16, 5], idempotencyKey: 'cut' };
      const first = await get<{ evaluateCheckpoint: { evaluations: { id: string }[] } }>(live(), query, { input });
      const rows = ['ir', 'sts'].flatMap((name) => [16, 5].map((dimension) => ({ dimension, dataset: { name } })));
      expect(first).toMatchObject({ evaluateCheckpoint: { evaluations: rows, jobs: [{}, {}] } });
      expect(await get(live(), query, { input })).toEqual(first);
      const remove = 'mutation($id: ID!) { deleteEvaluation(id: $id) { deletedId } }';
      for (const { id } of first.evaluateCheckpoint.evaluations) await get(live(), remove, { id });
    });

    it('names what cut the words of Japanese texts', async () => {
      const pair = (query: string, positive: string, score: number) => ({
        ...{ task: 'STS', split: 'TRAIN', query: plain(query), positives: [graded(positive, score)] },
      });
      const records = [pair('白い犬です', '白い犬がいます', 1), pair('電車が来る', '猫が寝る', 0)];
      const japanese = await importRecords(live(), 'japanese', records);
      const query = `mutation($datasets: [ID!]!) {
        evaluateBagOfWords(input: { datasets: $datasets, split: TRAIN }) { evaluations { wordSegmenter } }
      }`;
      expect(await get(live(), query, { datasets: [japanese, live().made.ir] })).toEqual({
        evaluateBagOfWords: {
          evaluations: [{ wordSegmenter: `ICU ${process.versions['icu']}` }, { wordSegmenter: null }],
        },
      });
    });

    it.each([
      ['no data set', { datasets: [] }, 'BAD_USER_INPUT', 'input.datasets'],
      ['a split without records', { split: 'DEV' }, 'BAD_USER_INPUT', 'input.datasets.0'],
      ['no dimension', { dimensions: [] }, 'BAD_USER_INPUT', 'input.dimensions'],
      ['a dimension of none', { dimensions: [4, 0] }, 'BAD_USER_INPUT', 'input.dimensions.1'],
      ['a dimension that is too wide', { dimensions: [17] }, 'BAD_USER_INPUT', 'input.dimensions.0'],
      ['a dimension twice', { dimensions: [4, 8, 4] }, 'BAD_USER_INPUT', 'input.dimensions.2'],
      ['an unknown alias', { checkpoint: { alias: 'nobody' } }, 'NOT_FOUND', 'input.checkpoint.alias'],
      ['a malformed id', { checkpoint: { id: '7' } }, 'BAD_USER_INPUT', 'input.checkpoint.id'],
    ])('refuses %s', async (_what, change, code, field) => {
      const input = { checkpoint: { id: last() }, datasets: [live().made.ir], ...change };
      expect(await inputRefusal(live(), 'evaluateCheckpoint', 'EvaluateCheckpointInput', input)).toEqual([code, field]);
    });

    it('is found by the key of its call, a job for each data set', async () => {
      const { ir, sts } = live().made;
      const query = `mutation($datasets: [ID!]!) {
        evaluateBagOfWords(input: { datasets: $datasets, idempotencyKey: "evaluation-1" }) { jobs { id } }
      }`;
      const { evaluateBagOfWords } = await get<{ evaluateBagOfWords: { jobs: { id: string }[] } }>(live(), query, {
        datasets: [ir, sts],
      });
      const list = '{ jobs(filter: { idempotencyKey: "evaluation-1" }) { totalCount nodes { id } } }';
      const { jobs } = await get<{ jobs: { nodes: { id: string }[] } }>(live(), list);
      const ids = (rows: { id: string }[]) => rows.map(({ id }) => id).sort();
      expect(ids(jobs.nodes)).toEqual(ids(evaluateBagOfWords.jobs));
    });

    it('refuses a data set named twice', async () => {
      const { ir } = live().made;
      const found = await inputRefusal(live(), 'evaluateBagOfWords', 'EvaluateBagOfWordsInput', { datasets: [ir, ir] });
      expect(found).toEqual(['BAD_USER_INPUT', 'input.datasets.1']);
    });
  });

  describe('fusion', () => {
    it('makes a checkpoint that knows its parents', async () => {
      const query = `mutation($ids: [ID!]!) {
        fuseCheckpoints(input: { checkpoints: $ids, method: DELTA_GUIDED, parameters: { power: 0, granularity: LAYER } }) {
          job { state }
          checkpoint { id reason run { id } fusion { method parameters { power granularity lambda } checkpoints { id } } }
        }
      }`;
      const ids = live().made.checkpoints;
      const { fuseCheckpoints } = await get(live(), query, { ids });
      expect(fuseCheckpoints).toMatchObject({
        job: { state: 'SUCCEEDED' },
        checkpoint: {
          ...{ reason: 'FUSED', run: null },
          fusion: {
            method: 'DELTA_GUIDED',
            parameters: { power: 0, granularity: 'LAYER', lambda: 1 },
            checkpoints: ids.map((id) => ({ id })),
          },
        },
      });
    });

    it('weighs the checkpoints', async () => {
      const query = `mutation($ids: [ID!]!, $weights: [Float!]) {
        fuseCheckpoints(input: { checkpoints: $ids, method: LINEAR, weights: $weights }) {
          checkpoint { digest fusion { method weights parameters { power } } }
        }
      }`;
      const ids = live().made.checkpoints;
      interface Fused {
        readonly fuseCheckpoints: { readonly checkpoint: { readonly digest: string; readonly fusion: object } };
      }
      const fuseWith = async (weights: number[] | null) =>
        (await get<Fused>(live(), query, { ids, weights })).fuseCheckpoints.checkpoint;
      const [plain, equal, other] = [await fuseWith(null), await fuseWith([2, 2]), await fuseWith([3, -1])];
      expect(plain.fusion).toEqual({ method: 'LINEAR', weights: [1, 1], parameters: { power: null } });
      expect(equal.digest).toBe(plain.digest);
      expect(other.fusion).toMatchObject({ weights: [3, -1] });
      expect(other.digest).not.toBe(plain.digest);
    });

    it('tells the figures of the method, in words', async () => {
      const query = `mutation($input: FuseCheckpointsInput!) {
        fuseCheckpoints(input: $input) {
          checkpoint { fusion { parameters { of } weights figures { name description value } } }
        }
      }`;
      const input = { checkpoints: live().made.checkpoints, method: 'SLERP', parameters: { of: 'DELTAS' } };
      const { fuseCheckpoints } = await get(live(), query, { input });
      const description = expect.stringMatching(/^[A-Z].*\.$/);
      const fusion = {
        ...{ parameters: { of: 'DELTAS' }, weights: [1, 1] },
        figures: [
          { name: 'tensors', description, value: expect.toSatisfy((value: number) => value > 20) },
          // The first checkpoint is theta_0, whose deltas are 0.
          { name: 'lerpTensors', description, value: expect.any(Number) },
          { name: 'medianAngle', description, value: null },
        ],
      };
      expect(fuseCheckpoints).toEqual({ checkpoint: { fusion } });
    });

    it.each([
      ['one checkpoint', (ids: readonly string[]) => ({ checkpoints: ids.slice(1) }), 'input.checkpoints'],
      ['one twice', (ids: readonly string[]) => ({ checkpoints: [ids[0], ids[0]] }), 'input.checkpoints.1'],
      [
        'a power out of range',
        (_ids: readonly string[]) => ({ method: 'DELTA_GUIDED', parameters: { power: 99 } }),
        'input.parameters.power',
      ],
      [
        'a parameter of another method',
        (_ids: readonly string[]) => ({ parameters: { power: 1 } }),
        'input.parameters.power',
      ],
      ['weights for a soup', (_ids: readonly string[]) => ({ weights: [1, 1] }), 'input.weights'],
      ['too few weights', (_ids: readonly string[]) => ({ method: 'LINEAR', weights: [1] }), 'input.weights'],
      ['weights that sum to 0', (_ids: readonly string[]) => ({ method: 'LINEAR', weights: [2, -2] }), 'input.weights'],
    ])('refuses %s', async (_what, change, field) => {
      const ids = live().made.checkpoints;
      const input = { checkpoints: ids, method: 'UNIFORM_SOUP', ...change(ids) };
      expect(await inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', input)).toEqual([
        'BAD_USER_INPUT',
        field,
      ]);
    });

    it('refuses checkpoints of different models', async () => {
      const { ir, checkpoints } = live().made;
      const architecture = { layers: 1, width: 8, heads: 1, innerWidth: 8, maxPositions: 16 };
      const input = { name: 'other', vocabularyFrom: [ir], vocabularySize: 200, maxLength: 16, architecture };
      const stranger = await createModel(live(), input);
      const strangers = { checkpoints: [checkpoints[1], stranger.checkpoint.id], method: 'UNIFORM_SOUP' };
      const found = await inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', strangers);
      expect(found).toEqual(['BAD_USER_INPUT', 'input.checkpoints.1']);
      const remove = 'mutation($id: ID!) { deleteModel(id: $id) { deletedId } }';
      expect(await get(live(), remove, { id: stranger.id })).toEqual({
        deleteModel: { deletedId: stranger.id },
      });
    });
  });

  describe('aliases', () => {
    const set =
      'mutation($input: SetCheckpointAliasInput!) { setCheckpointAlias(input: $input) { checkpoint { id alias } } }';

    it('move, find, and go', async () => {
      const [first = ''] = live().made.checkpoints;
      await get(live(), set, { input: { checkpoint: first, alias: 'best' } });
      await get(live(), set, { input: { checkpoint: last(), alias: 'best' } });
      const found =
        '{ checkpoint(by: { alias: "best" }) { id } checkpoints(filter: { alias: "best" }) { totalCount } }';
      expect(await get(live(), found)).toEqual({ checkpoint: { id: last() }, checkpoints: { totalCount: 1 } });
      await get(live(), set, { input: { checkpoint: last(), alias: null } });
      expect((await refusal(live(), found)).extensions['code']).toBe('NOT_FOUND');
    });

    it.each(['', ' ', 'a b', '../x', 'x'.repeat(101)])('refuse %j', async (alias) => {
      const { extensions } = await refusal(live(), set, { input: { checkpoint: last(), alias } });
      expect([extensions['code'], extensions['field']]).toEqual(['BAD_USER_INPUT', 'input.alias']);
    });
  });

  describe('export', () => {
    const exportNow =
      'mutation($input: ExportCheckpointInput!) { exportCheckpoint(input: $input) { path files bytes job { state } } }';

    it('writes a sentence-transformers folder once', async () => {
      const input = { checkpoint: { id: await fuse(live(), live().made.checkpoints) }, folder: 'fused-1' };
      interface Exported {
        readonly exportCheckpoint: { readonly path: string; readonly files: readonly string[] };
      }
      const { exportCheckpoint } = await get<Exported>(live(), exportNow, { input });
      expect(exportCheckpoint.path).toBe(join(live().config.dataDir, 'export', 'fused-1'));
      expect(exportCheckpoint.files).toEqual(
        expect.arrayContaining(['modules.json', 'model.safetensors', 'tokenizer.json']),
      );
      expect(JSON.parse(await readFile(join(exportCheckpoint.path, 'config.json'), 'utf8'))).toMatchObject({
        hidden_size: 16,
      });
      const again = await refusal(live(), exportNow, { input });
      expect([again.extensions['code'], again.extensions['field']]).toEqual(['CONFLICT', 'input.folder']);
    });

    it('gives the same folder to the same idempotency key', async () => {
      const input = { checkpoint: { id: last() }, folder: 'keyed', idempotencyKey: 'export-1' };
      const query = `mutation($input: ExportCheckpointInput!) {
        exportCheckpoint(input: $input) { path files bytes job { id attempt subject { id } result { id } } }
      }`;
      const first = await get(live(), query, { input });
      expect(first).toMatchObject({
        exportCheckpoint: { job: { attempt: 1, subject: { id: last() }, result: { id: last() } } },
      });
      expect(await get(live(), query, { input })).toEqual(first);
      const other = { ...input, folder: 'keyed-2' };
      expect(await inputRefusal(live(), 'exportCheckpoint', 'ExportCheckpointInput', other)).toEqual([
        'CONFLICT',
        'idempotencyKey',
      ]);
    });

    it.each(['', '..', 'a/b', '/tmp/x', '.hidden'])('refuses the folder %j', async (folder) => {
      const input = { checkpoint: { id: last() }, folder };
      expect(await inputRefusal(live(), 'exportCheckpoint', 'ExportCheckpointInput', input)).toEqual([
        'BAD_USER_INPUT',
        'input.folder',
      ]);
    });
  });
}
