/** Trusted documents, and introspection that is off. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createGraphQLServer, type Served } from '../../src/graphql/server.ts';
import { createLogger } from '../../src/log.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
const trusted = 'query Kind { __typename }';
const callerOf = (role: 'viewer' | 'admin'): Served['caller'] => ({ name: role, role, keyId: role, bucket: role });

/** An engine with these variables, whose documents are these. */
async function open(documents: unknown, environment: NodeJS.ProcessEnv = {}) {
  const file = join(folder(), 'documents.json');
  await writeFile(file, typeof documents === 'string' ? documents : JSON.stringify(documents));
  const config = loadConfig({ TANDEM_DOCUMENTS: file, ...environment });
  const server = createGraphQLServer({ config } as Tandem, createLogger('test', 'silent'));
  return async (body: object, role: 'viewer' | 'admin' = 'viewer') => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await server.fetch('http://127.0.0.1/graphql', init, { caller: callerOf(role), connection: 'http' });
    return (await answer.json()) as { data?: object; errors?: { message: string; extensions: { code: string } }[] };
  };
}

const answered = { data: { __typename: 'Query' } };
const refused = (code: string, message: string | RegExp = /./) => ({
  errors: [
    {
      message: expect.stringMatching(message),
      extensions: expect.objectContaining({ code, remedy: expect.any(String) }),
    },
  ],
});

const only = { TANDEM_AUTH: 'required', TANDEM_DOCUMENTS_ONLY: 'on' };

describe('trusted documents', () => {
  it.each([
    ['documentId', { documentId: 'k1' }],
    ['doc_id', { doc_id: 'k1' }],
    ['id', { id: 'k1' }],
    ['a hash', { extensions: { persistedQuery: { version: 1, sha256Hash: 'k1' } } }],
  ])('are named by %s, as codegen and Relay write them and as Apollo does', async (_what, body) => {
    const operations = [{ id: 'k1', name: 'Kind', type: 'query', body: trusted }];
    const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations };
    for (const documents of [{ k1: trusted }, manifest]) {
      const ask = await open(documents, only);
      expect(await ask(body)).toEqual(answered);
      expect(await ask({ ...body, query: '', variables: {}, operationName: 'Kind' })).toEqual(answered);
    }
  });

  it.each([null, 7, [], {}, [{ query: '{ __typename }' }], { query: 7 }])('are asked for by no %j', async (body) => {
    const ask = await open({ k1: trusted }, only);
    expect(await ask(body as object)).toMatchObject(refused('BAD_USER_INPUT'));
  });

  it('are not all that may be sent, unless the settings say so', async () => {
    const ask = await open({ k1: trusted });
    expect(await ask({ query: '{ __typename }' })).toEqual(answered);
    expect(await ask({ documentId: 'k2' })).toMatchObject(refused('NOT_FOUND', /^PersistedQueryNotFound$/));
    expect(await ask({ documentId: '__proto__' })).toMatchObject(refused('NOT_FOUND'));
    expect(await ask({ documentId: null })).toMatchObject(refused('NOT_FOUND'));
  });

  it('keep callers below admin from all else where the settings say so', async () => {
    const ask = await open({ k1: trusted }, only);
    for (const query of ['{ __typename }', `${trusted} `, '', '{'])
      expect(await ask({ query })).toMatchObject(refused('FORBIDDEN', /none of the trusted/));
    expect(await ask({ query: trusted })).toEqual(answered);
    const both = { query: '{ __typename }', documentId: 'k1' };
    expect(await ask(both)).toMatchObject(refused('FORBIDDEN'));
    expect(await ask({ query: '{ __typename }' }, 'admin')).toEqual(answered);
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['a list', '[]', 'no JSON object'],
    ['what is no text', { a: 7 }, '"a"'],
    ['a manifest without ids', { format: 'apollo-persisted-query-manifest', operations: [{}, null] }, 'undefined'],
    ['a text that is no GraphQL', { a: trusted, b: '{' }, '"b"'],
    ['an operation that does not fit the schema', { c: '{ nothing }' }, '"c".*nothing'],
  ])('are refused at the start where the file holds %s', async (_what, documents, message) => {
    await expect(open(documents)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
      details: { field: 'TANDEM_DOCUMENTS', expected: expect.any(String), remedy: expect.any(String) },
    });
  });

  it('are refused at the start where there is no file', async () => {
    await expect(open({}, { TANDEM_DOCUMENTS: join(folder(), 'none.json') })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('ENOENT'),
    });
  });
});

describe('introspection', () => {
  it.each([
    '{ __schema { queryType { name } } }',
    '{ __typename __type(name: "Run") { name } }',
    'query { ...F } fragment F on Query { ... on Query { __schema { types { name } } } }',
  ])('is refused where it is off, also for admins: %s', async (query) => {
    const ask = await open({}, { TANDEM_INTROSPECTION: 'off' });
    expect(await ask({ query }, 'admin')).toMatchObject(refused('FORBIDDEN', /Introspection is off/));
    expect(await ask({ query: '{ __typename }' })).toEqual(answered);
    expect(await (await open({}))({ query })).not.toHaveProperty('errors');
  });
});
