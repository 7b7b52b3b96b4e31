/** /v1/: embeddings as OpenAI has them, by OpenAI's own client and by hand. */
import OpenAI, { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { get, type Live, limits } from './harness.ts';

export function openAiSuite(live: () => Live): void {
  const trained = () => live().made.checkpoints.at(-1)!;
  const client = () => new OpenAI({ baseURL: `${live().url}/v1`, apiKey: 'none', maxRetries: 0 });
  const texts = ['The motor is stuck', 'a pump that leaks', '油圧ポンプ'];

  async function vectorsOf(role: string, dimensions?: number): Promise<number[][]> {
    const query = `query($texts: [String!]!, $checkpoint: CheckpointChoice!, $dimensions: Int) {
      embed(texts: $texts, checkpoint: $checkpoint, role: ${role}, dimensions: $dimensions) {
        embeddings { values }
      } }`;
    const variables = { texts, checkpoint: { id: trained() }, dimensions };
    const { embed } = await get<{ embed: { embeddings: { values: number[] }[] } }>(live(), query, variables);
    return embed.embeddings.map(({ values }) => values);
  }

  /** What a request that is refused is answered. */
  async function post(body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${live().url}/v1/embeddings`, { method: 'POST', headers, body: text });
    const { error } = (await response.json()) as {
      error: { message: string; type: string; param: string; code: string };
    };
    return { status: response.status, ...error };
  }

  describe("OpenAI's client", () => {
    it.each([
      ['', 'PASSAGE'],
      [':passage', 'PASSAGE'],
      [':query', 'QUERY'],
      [':sts', 'STS'],
    ])('gets the vectors that embed gives, model "...%s"', async (suffix, role) => {
      const expected = await vectorsOf(role);
      // Without encoding_format the client asks for base64 and decodes it.
      const found = await client().embeddings.create({ model: `${trained()}${suffix}`, input: texts });
      expect(found.data.map(({ embedding }) => embedding)).toEqual(expected);
      expect(found.data.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(found.usage.total_tokens).toBeGreaterThan(6);
      expect(found.usage.prompt_tokens).toBe(found.usage.total_tokens);
      expect(found.model).toBe(`${trained()}${suffix}`);
    });

    it('gets numbers, one text, and shortened vectors of length 1', async () => {
      const [model, input] = [trained(), texts[0]!];
      const { data } = await client().embeddings.create({ model, input, dimensions: 3, encoding_format: 'float' });
      const [expected] = await vectorsOf('PASSAGE', 3);
      expect(data).toEqual([{ object: 'embedding', index: 0, embedding: expected }]);
      expect(Math.hypot(...data[0]!.embedding)).toBeCloseTo(1, 6);
    });

    it('lists and finds models, by their alias where they have one', async () => {
      const set = `mutation($checkpoint: ID!, $alias: String) {
        setCheckpointAlias(input: { checkpoint: $checkpoint, alias: $alias }) { checkpoint { alias } } }`;
      await get(live(), set, { checkpoint: trained(), alias: 'served.1' });
      try {
        const ids = (await client().models.list()).data.map(({ id }) => id);
        expect(ids[0]).toBe('served.1');
        expect(ids).toContain(live().made.checkpoints[0]);
        expect(await client().models.retrieve('served.1')).toMatchObject({ id: 'served.1', owned_by: 'tandem' });
        const byAlias = await client().embeddings.create({ model: 'served.1:query', input: texts[0]! });
        expect(byAlias.data[0]!.embedding).toEqual((await vectorsOf('QUERY'))[0]);
      } finally {
        await get(live(), set, { checkpoint: trained(), alias: null });
      }
    });

    it('is told an error as one', async () => {
      const unknown = client().embeddings.create({ model: 'nobody', input: 'x' });
      await expect(unknown).rejects.toBeInstanceOf(APIError);
      await expect(unknown).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
      await expect(client().models.retrieve('nobody')).rejects.toMatchObject({ status: 404 });
    });
  });

  describe('POST /v1/embeddings', () => {
    const long = 'a '.repeat(600);

    it('refuses a text that the model would cut, and cuts it on request', async () => {
      const body = { model: trained(), input: ['short', long] };
      expect(await post(body)).toMatchObject({ status: 400, param: 'input', code: 'limit_exceeded' });
      const cut = await fetch(`${live().url}/v1/embeddings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, truncate: true }),
      });
      expect(cut.status).toBe(200);
    });

    it.each([
      ['token ids', { input: [1, 2, 3] }, 400, 'input'],
      ['lists of token ids', { input: [[1, 2], [3]] }, 400, 'input'],
      ['no input', { input: undefined }, 400, 'input'],
      ['an empty list', { input: [] }, 400, 'input'],
      ['an empty text', { input: ['x', ' '] }, 400, 'input.1'],
      ['another encoding', { encoding_format: 'hex' }, 400, 'encoding_format'],
      ['dimensions of 0', { dimensions: 0 }, 400, 'dimensions'],
      ['too many dimensions', { dimensions: 4_096 }, 400, 'dimensions'],
      [
        'an id that is gone',
        { model: Buffer.from(`Checkpoint:${crypto.randomUUID()}`).toString('base64url') },
        404,
        'model',
      ],
    ])('refuses %s', async (_, given, status, param) => {
      const answer = await post({ model: trained(), input: 'x', ...given });
      expect(answer).toMatchObject({ status, type: 'invalid_request_error', message: expect.stringMatching(/\S/) });
      expect(answer.param).toBe(param);
    });

    it('says when to come again where too many wait, and goes on answering', async () => {
      const body = JSON.stringify({ model: trained(), input: Array.from({ length: 100 }, (_, i) => `pump ${i}`) });
      const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      const sent = Array.from({ length: 3 * limits.waitingRequests }, () =>
        fetch(`${live().url}/v1/embeddings`, options),
      );
      const answers = await Promise.all(sent);
      const refused = answers.filter(({ status }) => status === 429);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
      expect(answers.length - refused.length).toBeGreaterThanOrEqual(limits.waitingRequests);
      expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused[0]!.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'queue_full' } });
      // OpenAI's client tries again by itself.
      const patient = new OpenAI({ baseURL: `${live().url}/v1`, apiKey: 'none' });
      expect((await patient.embeddings.create({ model: trained(), input: 'x' })).data).toHaveLength(1);
    });

    it('refuses other forms of a request', async () => {
      expect((await post('{"model"')).status).toBe(400);
      expect((await post('[]')).status).toBe(400);
      expect((await post('x', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await post(JSON.stringify('x'.repeat(limits.bodyBytes)))).status).toBe(413);
      const got = await fetch(`${live().url}/v1/embeddings`);
      expect([got.status, ((await got.json()) as { error: { param: string } }).error.param]).toEqual([404, 'path']);
      expect((await fetch(`${live().url}/v1/models/%ff`)).status).toBe(400);
    });
  });
}
