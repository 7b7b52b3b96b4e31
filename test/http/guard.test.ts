/** The form of requests. */
import { describe, expect, it } from 'vitest';
import { notFoundHere, preflightHeaders, refusalBody, refuseOperation } from '../../src/http/guard.ts';

const facts = (headers: Record<string, string>, method = 'POST') => ({ method, path: '/graphql', headers });
const good = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };

describe('an operation', () => {
  it('is JSON by POST with the header', () => {
    expect(refuseOperation(facts(good), 100)).toBeNull();
    expect(refuseOperation(facts({ ...good, 'content-type': 'application/json; charset=utf-8' }), 100)).toBeNull();
  });

  it.each(preflightHeaders)('may have %s as the header that no foreign page sends', (name) => {
    expect(refuseOperation(facts({ 'content-type': 'application/json', [name]: '1' }), 100)).toBeNull();
  });

  it('is told all of these headers where none is there', () => {
    const { error } = refuseOperation(facts({ 'content-type': 'application/json', accept: '*/*' }), 100) ?? {};
    for (const name of preflightHeaders) expect(error?.details.expected).toContain(name);
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
