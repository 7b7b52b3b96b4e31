/** Models with heads through the API: derived, trained, fused, served by role, exported once a task; refusals. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpointsOf, fuse, settings, startRun } from './fixture.ts';
import { get, inputRefusal, type Live } from './harness.ts';

interface Derived {
  readonly id: string;
  readonly dimension: number;
  readonly parameters: number;
  readonly heads: { readonly ir: string; readonly sts: string };
  readonly pooling: readonly string[];
  readonly source: string;
}

const both = { ir: 'DENSE', sts: 'DENSE' };

async function derive(live: Live, input: object): Promise<Derived> {
  const mutation = `mutation($input: DeriveModelInput!) {
    deriveModel(input: $input) { model { id dimension parameters heads { ir sts } pooling source } job { kind } }
  }`;
  const made = await get<{ deriveModel: { model: Derived } }>(live, mutation, { input });
  expect(made).toMatchObject({ deriveModel: { job: { kind: 'DERIVE_MODEL' } } });
  return made.deriveModel.model;
}

async function embed(live: Live, id: string, role: string): Promise<string> {
  const query = `query($id: ID!, $role: TextRole!) {
    embed(texts: ["the pump leaks oil"], checkpoint: { id: $id }, role: $role, prompt: {}) { embeddings { base64 } }
  }`;
  const { embed: found } = await get<{ embed: { embeddings: { base64: string }[] } }>(live, query, { id, role });
  return found.embeddings[0]!.base64;
}

const exportNow = `mutation($input: ExportCheckpointInput!) { exportCheckpoint(input: $input) { path files } }`;

export function headSuite(live: () => Live): void {
  describe('heads', () => {
    let model: Derived;
    /** Fused of the first and the last checkpoint of a run. */
    let fused: string;
    beforeAll(async () => {
      const { made } = live();
      model = await derive(live(), { name: 'headed', model: made.model, heads: both });
      const datasets = [{ dataset: made.ir }, { dataset: made.sts }];
      const run = await startRun(live(), { name: 'headed', model: model.id, datasets, settings });
      fused = await fuse(live(), await checkpointsOf(live(), run));
    });

    it('of a derived model change no vector until they are trained', async () => {
      const { made } = live();
      expect(model).toMatchObject({ heads: both, source: 'model:tiny', dimension: 16 });
      for (const role of ['PASSAGE', 'STS']) {
        expect(await embed(live(), model.id, role)).toBe(await embed(live(), made.model, role));
      }
    });

    it('give a text other vectors in the roles of another task, also where checkpoints were fused', async () => {
      const [query, passage, sts] = [
        await embed(live(), fused, 'QUERY'),
        await embed(live(), fused, 'PASSAGE'),
        await embed(live(), fused, 'STS'),
      ];
      expect(query).toBe(passage);
      expect(sts).not.toBe(passage);
    });

    it('are exported once for each task, as folders without the other', async () => {
      for (const task of ['IR', 'STS']) {
        const input = { checkpoint: { id: fused }, folder: `headed-${task}`, task };
        const { exportCheckpoint } = await get<{ exportCheckpoint: { path: string; files: string[] } }>(
          live(),
          exportNow,
          { input },
        );
        expect(exportCheckpoint.files.filter((file) => file.endsWith('.safetensors'))).toEqual([
          '2_Dense/model.safetensors',
          'model.safetensors',
        ]);
        const card = await readFile(join(exportCheckpoint.path, 'README.md'), 'utf8');
        expect(card).toContain(task === 'IR' ? 'for search alone' : 'for similarity of meaning alone');
        expect(card.includes('prompt_name="sts"')).toBe(task === 'STS');
        expect(card).toContain(`${model.parameters - 16 * 16} parameters`);
      }
    });

    it('make the task of an export a condition, and a mistake where there are none', async () => {
      const refused = (input: object) => inputRefusal(live(), 'exportCheckpoint', 'ExportCheckpointInput', input);
      const wrong = ['BAD_USER_INPUT', 'input.task'];
      expect(await refused({ checkpoint: { id: fused }, folder: 'no-task' })).toEqual(wrong);
      expect(await refused({ checkpoint: { id: live().made.model }, folder: 'no-heads', task: 'IR' })).toEqual(wrong);
    });

    it('keep checkpoints of a derived model from being fused with those of the other', async () => {
      const input = { checkpoints: [fused, ...live().made.checkpoints], method: 'UNIFORM_SOUP' };
      expect(await inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', input)).toEqual([
        'BAD_USER_INPUT',
        'input.checkpoints.1',
      ]);
    });
  });

  describe('deriveModel', () => {
    it('changes the pooling, and what follows from it', async () => {
      const pooled = await derive(live(), { name: 'pooled', model: live().made.model, pooling: ['CLS', 'MEAN'] });
      expect(pooled).toMatchObject({ pooling: ['CLS', 'MEAN'], dimension: 32, heads: { ir: 'NONE', sts: 'NONE' } });
      const query = 'query($id: ID!) { model(id: $id) { includePrompt } }';
      expect(await get(live(), query, { id: pooled.id })).toEqual({ model: { includePrompt: true } });
    });

    it('gives the same model to the same idempotency key', async () => {
      const input = { name: 'keyed', model: live().made.model, heads: both, idempotencyKey: 'derive-1' };
      expect(await derive(live(), input)).toEqual(await derive(live(), input));
    });

    it('refuses what does not go together', async () => {
      const refused = (input: object) =>
        inputRefusal(live(), 'deriveModel', 'DeriveModelInput', { name: 'x', model: live().made.model, ...input });
      expect(await refused({ pooling: [] })).toEqual(['BAD_USER_INPUT', 'input.pooling']);
      expect(await refused({ pooling: ['MEAN', 'MEAN'] })).toEqual(['BAD_USER_INPUT', 'input.pooling']);
      expect(await refused({ name: ' ' })).toEqual(['BAD_USER_INPUT', 'input.name']);
      const headed = await derive(live(), { name: 'wide', model: live().made.model, heads: both });
      expect(await refused({ model: headed.id, pooling: ['CLS', 'MEAN'] })).toEqual([
        'BAD_USER_INPUT',
        'input.pooling',
      ]);
      const gone = Buffer.from('Model:00000000-0000-0000-0000-000000000000').toString('base64');
      expect(await refused({ model: gone })).toEqual(['NOT_FOUND', 'input.model']);
    });
  });
}
