/** Which errors are the database's, and which of those pass when they are tried again. */
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isConnectionLost, isCrossed, postgresErrorIn } from '../../src/db/errors.ts';

const withCode = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });
const wrapped = (cause: Error): Error => new Error('Failed query', { cause });

it.each(['57P01', '57P03', '08006', '53300', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN'])('%s is a lost connection', (code) => {
  const error = wrapped(withCode(code));
  expect([postgresErrorIn(error)?.code, isConnectionLost(error), isCrossed(error)]).toEqual([code, true, false]);
});

it.each(['40001', '40P01'])('%s was crossed by another transaction', (code) => {
  const error = wrapped(withCode(code));
  expect([isConnectionLost(error), isCrossed(error)]).toEqual([false, true]);
});

it.each(['53100', '53200', '54000', '42P01', '25006', '57014', '23505', '22021', 'XX000'])(
  "%s is the database's, and final",
  (code) => {
    const error = wrapped(withCode(code));
    expect(postgresErrorIn(error)?.code).toBe(code);
    expect([isConnectionLost(error), isCrossed(error)]).toEqual([false, false]);
  },
);

it.each([
  'Connection terminated unexpectedly',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
])('"%s" is a lost connection without a code', (message) => {
  expect([postgresErrorIn(wrapped(new Error(message))), isConnectionLost(wrapped(new Error(message)))]).toEqual([
    null,
    true,
  ]);
});

describe('of the system', () => {
  it.each(['ENOSPC', 'EACCES', 'EPERM', 'EBUSY', 'EROFS', 'E2BIG', 'ENOENT'])(
    "%s of a file is not the database's",
    (code) => {
      const error = withCode(code, { syscall: 'open', path: '/a/file' });
      expect([postgresErrorIn(error), isConnectionLost(error)]).toEqual([null, false]);
    },
  );

  it('a missing file is one thing, a missing socket another', async () => {
    const path = '/no/such/folder/.s.PGSQL.5432';
    const ofFile = await stat(path).catch((error: unknown) => error);
    const ofSocket = await new Promise((resolve) => connect({ path }).on('error', resolve));
    expect([ofFile, ofSocket]).toMatchObject([{ code: 'ENOENT' }, { code: 'ENOENT' }]);
    expect([ofFile, ofSocket].map(isConnectionLost)).toEqual([false, true]);
  });
});
