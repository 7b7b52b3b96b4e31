/** Who may ask. */
import { describe, expect, it } from 'vitest';
import { notFoundHere, refusalBody, refuseHost, refuseOperation } from '../../src/http/guard.ts';

const facts = (headers: Record<string, string>, method = 'POST') => ({ method, path: '/graphql', headers });
const good = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };

describe('the Host header', () => {
  it.each(['127.0.0.1:4000', 'localhost:4000', '[::1]:4000', 'LOCALHOST:4000'])('may be %s', (host) => {
    expect(refuseHost(facts({ host }), 4000)).toBeNull();
  });

  it.each(['evil.example:4000', '127.0.0.1', '127.0.0.1:4001', 'localhost.evil.example:4000', '', '0.0.0.0:4000'])(
    'may not be %j',
    (host) => {
      expect(refuseHost(facts({ host }), 4000)).toMatchObject({ status: 421, error: { code: 'FORBIDDEN' } });
    },
  );

  it('may not be absent', () => {
    expect(refuseHost(facts({}), 4000)?.status).toBe(421);
  });
});

describe('an operation', () => {
  it('is JSON by POST with the header', () => {
    expect(refuseOperation(facts(good), 100)).toBeNull();
    expect(refuseOperation(facts({ ...good, 'content-type': 'application/json; charset=utf-8' }), 100)).toBeNull();
  });

  it.each([
    [405, facts(good, 'GET')],
    [405, facts(good, 'OPTIONS')],
    [403, facts({ 'content-type': 'application/json' })],
    [415, facts({ ...good, 'content-type': 'text/plain' })],
    [415, facts({ ...good, 'content-type': 'application/x-www-form-urlencoded' })],
    [415, facts({ 'x-graphql-yoga-csrf': '1' })],
    [413, facts({ ...good, 'content-length': '101' })],
  ])('is refused with %d: %j', (status, request) => {
    expect(refuseOperation(request, 100)?.status).toBe(status);
  });
});

it('a refusal is a GraphQL answer with code and remedy', () => {
  const body = JSON.parse(refusalBody(notFoundHere({ method: 'GET', path: '/x', headers: {} })));
  expect(body.errors[0].extensions).toMatchObject({ code: 'NOT_FOUND', field: 'path', remedy: expect.any(String) });
});
