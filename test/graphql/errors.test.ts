/** What leaves the API when something goes wrong. */
import { GraphQLError, type GraphQLObjectType, type GraphQLResolveInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { badInput, conflict, fromPlainError, keptError, type PlainError, toPlainError } from '../../src/errors.ts';
import type { Context } from '../../src/graphql/context.ts';
import { errorMasker } from '../../src/graphql/errors.ts';
import { shownReason } from '../../src/graphql/schema/failure.ts';
import { schema } from '../../src/graphql/schema.ts';
import { validationError } from '../../src/graphql/validation.ts';
import { createLogger } from '../../src/log.ts';

const mask = errorMasker(createLogger('test', 'silent'));
const located = (originalError: Error) => new GraphQLError(originalError.message, { path: ['a', 0], originalError });
const postgres = (code: string, constraint: string) =>
  Object.assign(new Error('driver'), { cause: Object.assign(new Error('refused'), { code, constraint }) });

describe('errors of the API', () => {
  it('keep what a TandemError says, with the path', () => {
    const error = mask(located(badInput('no', { field: 'f', expected: 'e', remedy: 'r' })));
    expect(error.message).toBe('no');
    expect(error.path).toEqual(['a', 0]);
    expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'f', expected: 'e', remedy: 'r' });
  });

  it('find a TandemError through several wrappers', () => {
    expect(mask(located(located(conflict('taken')))).extensions['code']).toBe('CONFLICT');
  });

  it('mask a defect and give it an id', () => {
    const error = mask(located(new Error('secret: password=hunter2')));
    expect(error.extensions).toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(error.message).toContain(error.extensions['id']);
    expect(mask('thrown text').message).not.toContain('thrown text');
  });

  it.each([
    ['23505', 'CONFLICT'],
    ['23503', 'CONFLICT'],
    ['23514', 'BAD_USER_INPUT'],
    ['22021', 'BAD_USER_INPUT'],
    ['ECONNREFUSED', 'UNAVAILABLE'],
    ['57P01', 'UNAVAILABLE'],
    ['ETIMEDOUT', 'UNAVAILABLE'],
    ['EAI_AGAIN', 'UNAVAILABLE'],
    ['40P01', 'UNAVAILABLE'],
    ['40001', 'UNAVAILABLE'],
    ['53100', 'UNAVAILABLE'],
    ['57014', 'UNAVAILABLE'],
    ['25006', 'UNAVAILABLE'],
    ['25P03', 'UNAVAILABLE'],
    ['55P03', 'UNAVAILABLE'],
    ['58030', 'UNAVAILABLE'],
    ['42601', 'INTERNAL_SERVER_ERROR'],
  ])('say of the database error %s: %s', (code, expected) => {
    expect(mask(located(postgres(code, 'runs_name'))).extensions['code']).toBe(expected);
  });

  it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect'])(
    'say of a lost connection without a code: %s',
    (message) => {
      const wrapped = new Error('Failed query', { cause: new Error(message) });
      expect(mask(located(wrapped)).extensions).toMatchObject({ code: 'UNAVAILABLE', field: 'database' });
    },
  );

  it('say of an abort what it is, also of one that a thread answers with', () => {
    const abort = AbortSignal.abort().reason as Error;
    for (const error of [abort, fromPlainError(toPlainError(abort))])
      expect(mask(located(error)).extensions).toMatchObject({ code: 'UNAVAILABLE', expected: 'a client that waits' });
  });

  it('say of a full disk what to do', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      path: '/data/x',
    });
    expect(mask(located(full)).extensions).toMatchObject({ code: 'UNAVAILABLE', field: '/data/x' });
  });

  it('name a constraint that was violated', () => {
    expect(mask(located(postgres('23505', 'datasets_name_version'))).extensions['field']).toBe('datasets_name_version');
  });

  it('give syntax and validation errors a code', () => {
    expect(mask(new GraphQLError('Cannot query field')).extensions['code']).toBe('BAD_USER_INPUT');
    const own = new GraphQLError('x', { extensions: { code: 'LIMIT_EXCEEDED' } });
    expect(mask(own)).toBe(own);
  });

  it('name every field that a validation refused', () => {
    const error = validationError({
      issues: [
        { message: 'must not be empty', path: ['input', 'name'] },
        { message: 'too small', path: ['input', { key: 'seed' }] },
      ],
    });
    expect(error.message).toBe('input.name: must not be empty; input.seed: too small');
    expect(error.details).toMatchObject({
      field: 'input.name',
      problems: [{ field: 'input.name' }, { field: 'input.seed' }],
    });
  });
});

describe('the error that a job kept', () => {
  const told = (error: PlainError) => {
    const { resolve } = (schema.getType('Failure') as GraphQLObjectType).getFields()['message']!;
    return resolve!(error, {}, {} as Context, {} as GraphQLResolveInfo);
  };

  it('is told with its id, under which the log has it, and not logged again', () => {
    const stored = keptError(new Error('Failed query: select secret'));
    expect(JSON.stringify(stored)).not.toContain('secret');
    const error = mask(located(fromPlainError(stored)));
    expect(error.extensions['id']).toBe(stored.id);
    expect([error.message, told(stored)]).toEqual([stored.message, stored.message]);
  });

  it('of an earlier version is told without its text', () => {
    const stored = { name: 'Error', message: 'Failed query: select secret' } as const;
    expect(told(stored)).toMatch(/earlier version/);
    expect(shownReason({ reason: stored.message, error: stored })).toMatch(/earlier version/);
    expect(shownReason({ reason: 'the server was stopped' })).toBe('the server was stopped');
  });
});
