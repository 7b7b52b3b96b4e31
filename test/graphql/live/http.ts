/** What the server answers to whom. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serve as serveHttp } from '../../http/serve.ts';
import { ask, headers, type Live, limits, raw, refusal } from './harness.ts';

const codeOf = (body: string): unknown => JSON.parse(body).errors[0].extensions.code;
const operation = JSON.stringify({ query: '{ __typename }' });

export function httpSuite(live: () => Live): void {
  describe('the HTTP server', () => {
    it('says that it lives and takes work', async () => {
      for (const path of ['/health', '/ready'])
        expect(await raw(live(), path)).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    });

    it('serves GraphiQL without anything of another host', async () => {
      const { status, body, headers: told } = await raw(live(), '/');
      expect(status).toBe(200);
      expect(body).toContain('GraphiQL');
      expect(body.match(/<(script|link|img)[^>]*(src|href)=["']?(https?:)?\/\/[^>]*>/gi)).toBeNull();
      expect(told['content-security-policy']).toContain("default-src 'none'");
    });

    it('has GraphiQL keep no headers in the browser, since a key is one', async () => {
      expect((await raw(live(), '/')).body).toContain('"shouldPersistHeaders":false');
    });

    it.each([
      ['/', 'POST', 404],
      ['/graphiql', 'GET', 404],
      ['/graphql/x', 'POST', 404],
      ['/health', 'DELETE', 404],
      ['/graphql', 'GET', 405],
      ['/graphql?query={__typename}', 'GET', 405],
      ['/graphql', 'OPTIONS', 405],
    ])('refuses %s by %s with %d', async (path, method, status) => {
      const answer = await raw(live(), path, { method, headers });
      expect(answer.status).toBe(status);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    });

    it('refuses a foreign Host on every path', async () => {
      for (const path of ['/', '/health', '/graphql']) {
        const answer = await raw(live(), path, { headers: { host: 'evil.example' } });
        expect([answer.status, codeOf(answer.body)]).toEqual([421, 'FORBIDDEN']);
      }
    });

    it('refuses a foreign Host in the form of the path', async () => {
      for (const path of ['/v1', '/v1/embeddings', '/v1/models']) {
        const { status, body } = await raw(live(), path, { headers: { host: 'evil.example' } });
        expect([status, JSON.parse(body)]).toMatchObject([421, { error: { code: 'forbidden', param: 'Host' } }]);
      }
    });

    it('refuses an operation without the CSRF header, also as events', async () => {
      const { 'x-graphql-yoga-csrf': _csrf, ...without } = headers;
      for (const accept of ['application/json', 'text/event-stream']) {
        const answer = await raw(live(), '/graphql', {
          method: 'POST',
          headers: { ...without, accept },
          body: operation,
        });
        expect([answer.status, codeOf(answer.body)]).toEqual([403, 'FORBIDDEN']);
      }
    });

    it('refuses forms and plain text', async () => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        const answer = await raw(live(), '/graphql', {
          method: 'POST',
          headers: { ...headers, 'content-type': type },
          body: operation,
        });
        expect(answer.status).toBe(415);
      }
    });

    it('refuses a body that is too large, announced or not', async () => {
      const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(limits.bodyBytes) } });
      const announced = await raw(live(), '/graphql', { method: 'POST', headers, body });
      expect([announced.status, codeOf(announced.body)]).toEqual([413, 'LIMIT_EXCEEDED']);
      const chunked = { ...headers, 'transfer-encoding': 'chunked' };
      const streamed = await raw(live(), '/graphql', { method: 'POST', headers: chunked, body });
      expect([streamed.status, codeOf(streamed.body)]).toEqual([413, 'LIMIT_EXCEEDED']);
    });

    it.each(['', 'x', '[]', '{"query":7}', '{}'])('gives the body %j an error, not a crash', async (body) => {
      const answer = await raw(live(), '/graphql', { method: 'POST', headers, body });
      expect(answer.status).toBeLessThan(500);
      expect(codeOf(answer.body)).toBe('BAD_USER_INPUT');
    });

    it.each([
      ['JSON that is cut off', operation.slice(0, -1), 'body', /JSON object/],
      ['no JSON', 'query=x', 'body', /JSON object/],
      ['no object', '7', 'body', /JSON object/],
      ['no operation', '{"variables":{}}', 'body', /JSON object/],
      ['a batch', `[${operation},${operation}]`, 'body', /one operation/],
      [
        'a hash',
        '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}',
        'extensions.persistedQuery',
        /query/,
      ],
      ['a name of an operation', '{"documentId":"x"}', 'documentId', /query/],
      ['bytes that are not UTF-8', Buffer.from('{"query":"{ __typename } # \xe4"}', 'latin1'), 'body', /UTF-8/],
    ])('says of a body of %s what is at fault', async (_what, body, field, expected) => {
      const answer = await raw(live(), '/graphql', { method: 'POST', headers, body });
      const [{ extensions }] = JSON.parse(answer.body).errors;
      expect(extensions).toMatchObject({
        ...{ code: 'BAD_USER_INPUT', field },
        ...{ expected: expect.stringMatching(expected), remedy: expect.any(String) },
      });
      expect(extensions).not.toHaveProperty('originalError');
    });

    it('tells clients of Apollo that they must send the text of an operation', async () => {
      const body = '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}';
      const answer = await raw(live(), '/graphql', { method: 'POST', headers, body });
      expect(JSON.parse(answer.body).errors[0].message).toBe('PersistedQueryNotSupported');
    });

    it('refuses an answer in a type that it does not have before anything runs, and says which it has', async () => {
      const made =
        'mutation { createCollection(input: {name: "unheard", checkpoint: {alias: "none"}}) { collection { id } } }';
      for (const query of [made, 'subscription { jobEvents(jobId: "x") { id } }', '{ __typename }']) {
        const answer = await raw(live(), '/graphql', {
          method: 'POST',
          headers: { ...headers, accept: 'image/png' },
          body: JSON.stringify({ query }),
        });
        expect([answer.status, codeOf(answer.body)]).toEqual([406, 'BAD_USER_INPUT']);
      }
    });

    it('refuses a subscription whose caller takes no events', async () => {
      const body = JSON.stringify({ query: 'subscription { jobEvents(jobId: "x") { id } }' });
      for (const accept of ['application/json', 'application/graphql-response+json', 'multipart/mixed', undefined]) {
        const own = { ...headers, ...(accept === undefined ? {} : { accept }) };
        const answer = await raw(live(), '/graphql', { method: 'POST', headers: own, body });
        const [{ extensions }] = JSON.parse(answer.body).errors;
        expect([answer.status, extensions.field, extensions.expected]).toEqual([406, 'accept', 'text/event-stream']);
      }
    });

    it('refuses 5,000 aliases and 201, runs 200', async () => {
      const query = (count: number) => `{ ${Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ')} }`;
      expect((await refusal(live(), query(5_000))).extensions).toMatchObject({ code: 'LIMIT_EXCEEDED' });
      expect((await refusal(live(), query(201))).extensions).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        expected: 'at most 200 aliases',
      });
      expect((await ask(live(), query(200))).errors).toBeUndefined();
    });

    it('refuses pages within pages before anything runs', async () => {
      const nested = (depth: number): string =>
        depth === 0 ? '{ nodes { id } }' : `{ nodes { run { checkpoints(first: 20) ${nested(depth - 1)} } } }`;
      const { message, extensions } = await refusal(live(), `{ checkpoints(first: 20) ${nested(3)} }`);
      expect(extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', expected: expect.stringContaining('100000') });
      expect(message).toMatch(/up to \d+ objects/);
    });

    it('refuses introspection that repeats itself, with a remedy', async () => {
      const nested = '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }';
      const aliased = '{ a: __schema { types { name } } b: __schema { types { name } } }';
      expect((await refusal(live(), nested)).extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        remedy: expect.any(String),
      });
      expect((await refusal(live(), aliased)).extensions).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        remedy: expect.any(String),
      });
      expect((await ask(live(), '{ __schema { types { name fields { name } } } }')).errors).toBeUndefined();
    });

    it('says of an invalid page size or variable what is wrong before anything runs', async () => {
      const search = '{ search(collection: "x", query: "x", k: 1001) { searched } }';
      expect((await refusal(live(), search)).extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'k' });
      const runs = 'query ($first: Int) { runs(first: $first) { totalCount } }';
      expect((await refusal(live(), runs, { first: 'ten' })).extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    });

    it('gives syntax and unknown fields a code', async () => {
      expect((await refusal(live(), '{ system {')).extensions['code']).toBe('BAD_USER_INPUT');
      expect((await refusal(live(), '{ nothing }')).extensions['code']).toBe('BAD_USER_INPUT');
    });

    it('leaves its address in the data folder', async () => {
      const { config, url } = live();
      const text = await readFile(join(config.dataDir, 'server.json'), 'utf8');
      expect(JSON.parse(text)).toEqual({ url, pid: process.pid, secret: expect.stringMatching(/^[0-9a-f]{64}$/) });
    });

    it('says who has the port', async () => {
      const port = Number(new URL(live().url).port);
      const graphql = { fetch: () => new Response() };
      const second = serveHttp({ graphql: graphql as never, port });
      await expect(second).rejects.toMatchObject({ code: 'CONFLICT', details: { field: 'TANDEM_PORT' } });
    });
  });
}
