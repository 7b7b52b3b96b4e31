/** Which errors are the database's, and which trouble of it they tell of. */
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { postgresErrorIn, type Trouble, troubleOf } from '../../src/db/errors.ts';

const withCode = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });
const wrapped = (cause: Error): Error => new Error('Failed query', { cause });

const byTrouble: Readonly<Record<Trouble, readonly string[]>> = {
  lost: [
    ...['57P01', '57P02', '57P03', '57P05', '08000', '08003', '08006', '53300', '25P03', '25P04', '28P01', '3D000'],
    ...['ECONNRESET', 'EPIPE', 'EAI_AGAIN'],
  ],
  crossed: ['40001', '40P01', '40003', '55P03'],
  ended: ['57014'],
  'read-only': ['25006'],
  full: ['53000', '53100', '53200', '53400'],
  broken: ['58030', 'XX001', 'XX002'],
};

it.each(Object.entries(byTrouble).flatMap(([trouble, codes]) => codes.map((code) => [code, trouble])))(
  '%s: the database is in trouble, %s',
  (code, trouble) => {
    const error = wrapped(withCode(code));
    expect([postgresErrorIn(error)?.code, troubleOf(error)]).toEqual([code, trouble]);
  },
);

it.each(['54000', '42P01', '23505', '22021', '25P02', 'XX000'])("%s is the statement's own", (code) => {
  const error = wrapped(withCode(code));
  expect([postgresErrorIn(error)?.code, troubleOf(error)]).toEqual([code, null]);
});

it.each([
  'Connection terminated unexpectedly',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end on the pool',
])('"%s" is a lost connection without a code', (message) => {
  const error = wrapped(new Error(message));
  expect([postgresErrorIn(error), troubleOf(error)]).toEqual([null, 'lost']);
});

describe('of the system', () => {
  it.each(['ENOSPC', 'EACCES', 'EPERM', 'EBUSY', 'EROFS', 'E2BIG', 'ENOENT'])(
    "%s of a file is not the database's",
    (code) => {
      const error = withCode(code, { syscall: 'open', path: '/a/file' });
      expect([postgresErrorIn(error), troubleOf(error)]).toEqual([null, null]);
    },
  );

  it('a missing file is one thing, a missing socket another', async () => {
    const path = '/no/such/folder/.s.PGSQL.5432';
    const ofFile = await stat(path).catch((error: unknown) => error);
    const ofSocket = await new Promise((resolve) => connect({ path }).on('error', resolve));
    expect([ofFile, ofSocket]).toMatchObject([{ code: 'ENOENT' }, { code: 'ENOENT' }]);
    expect([ofFile, ofSocket].map(troubleOf)).toEqual([null, 'lost']);
  });
});
