/** openai, which knows embeddings and models: a model is a checkpoint. */
import OpenAI, { APIError } from 'openai';
import { describe, expect, inject } from 'vitest';
import { can, cannot } from './capabilities.ts';

describe('openai', () => {
  const client = new OpenAI({ baseURL: `${inject('url')}/v1`, apiKey: 'none', maxRetries: 0 });
  const alias = inject('alias');
  /** What a call that OpenAI's API lacks is answered with. */
  const refusal = async (call: Promise<unknown>): Promise<number | undefined> => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof APIError ? error.status : undefined;
  };

  can('openai', 'list', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(alias);
    const { data } = await client.embeddings.create({ model: `${alias}:query`, input: ['the pump leaks oil'] });
    expect(data).toMatchObject([{ index: 0, embedding: expect.any(Array) }]);
    expect(data[0].embedding).toHaveLength(16);
  });

  cannot('openai', 'page', "OpenAI's API gives all models at once", async () => {
    const page = await client.models.list();
    expect(page.hasNextPage()).toBe(false);
    expect(page.data.map(({ id }) => id)).toContain(alias);
  });

  cannot('openai', 'sort', "OpenAI's API has no order of models", async () => {
    const [plain, sorted] = await Promise.all([
      client.models.list(),
      client.models.list({ query: { order_by: 'id', direction: 'desc' } }),
    ]);
    expect(sorted.data).toEqual(plain.data);
  });

  cannot('openai', 'filter', "OpenAI's API has no filter of models", async () => {
    const found = await client.models.list({ query: { id: 'no such model' } });
    expect(found.data.map(({ id }) => id)).toContain(alias);
  });

  cannot('openai', 'getMany', "OpenAI's API retrieves one model at a time", async () => {
    expect(await client.models.retrieve(alias)).toMatchObject({ id: alias, object: 'model' });
    expect(await refusal(client.models.retrieve(`${alias},${alias}`))).toBe(404);
  });

  cannot('openai', 'update', "OpenAI's API changes no models", async () => {
    expect(await refusal(client.post(`/models/${alias}`, { body: { notes: 'x' } }))).toBeGreaterThanOrEqual(400);
  });

  cannot('openai', 'delete', 'what is deleted goes through GraphQL, where conflicts are named', async () => {
    expect(await refusal(client.models.delete(alias))).toBeGreaterThanOrEqual(400);
    expect(await client.models.retrieve(alias)).toMatchObject({ id: alias });
  });

  cannot('openai', 'live', "OpenAI's API tells of no changes", async () => {
    expect(await refusal(client.get('/models/changes', { stream: true }))).toBe(404);
  });
});
