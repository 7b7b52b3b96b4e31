import { describe, expect, it } from 'vitest';
import { enumValueOf } from '../../src/catalog.ts';
import { exitCodeOf, exitCodes, NoServer, RunNotSucceeded } from '../../src/cli/exit-codes.ts';
import { describeEnd, describeFailure } from '../../src/cli/failure.ts';
import { formatAge, formatAmount, formatScore, formatSeconds, formatTable, shorten } from '../../src/cli/output.ts';
import { port, realNumber, splitName, weighted, wholeNumber } from '../../src/cli/values.ts';
import { unreachable } from '../../src/client/error.ts';
import { ApiError } from '../../src/client/index.ts';
import { badInput, unavailable } from '../../src/errors.ts';

describe('tables', () => {
  it('aligns text to the left and numbers to the right, counting code points', () => {
    expect(
      formatTable(
        ['name', 'n'],
        [
          ['äß🔥', 5],
          ['b', 1234],
        ],
      ),
    ).toBe('name     n\n----  ----\näß🔥      5\nb     1234');
  });
  it('shows a header alone', () => {
    expect(formatTable(['name', 'id'], [])).toBe('name  id\n----  --');
  });
  it('shortens numbers and texts', () => {
    expect([formatScore(0.12345), formatScore(null)]).toEqual(['0.1235', '-']);
    expect([formatSeconds(59.4), formatSeconds(60), formatSeconds(3_723)]).toEqual(['59 s', '1 min 0 s', '62 min 3 s']);
    expect([59_999, 60_000, 3_600_000, 86_400_000 * 3, -5].map(formatAge)).toEqual([
      '59 s',
      '1 min',
      '1 h',
      '3 d',
      '0 s',
    ]);
    expect([formatAmount(3, 10), formatAmount(3, null)]).toEqual(['3/10', '3']);
    expect([shorten('abcdef', 4), shorten('🔥🔥🔥', 3)]).toEqual(['abc…', '🔥🔥🔥']);
  });
});

describe('values', () => {
  it('reads numbers, weights and names', () => {
    expect([wholeNumber('12'), realNumber('-1e-3'), splitName('dev'), enumValueOf('delta-guided')]).toEqual([
      12,
      -0.001,
      'DEV',
      'DELTA_GUIDED',
    ]);
    expect([weighted('docs'), weighted('stsb:en'), weighted('a:b:2.5')]).toEqual([
      { name: 'docs', weight: 1 },
      { name: 'stsb:en', weight: 1 },
      { name: 'a:b', weight: 2.5 },
    ]);
  });
  it.each([
    [wholeNumber, '1.5'],
    [wholeNumber, '-1'],
    [wholeNumber, '1e300'],
    [realNumber, ''],
    [realNumber, 'NaN'],
    [realNumber, 'Infinity'],
    [splitName, 'TEST'],
    [port, '65536'],
  ])('refuses what is none: %s(%j)', (read, text) => {
    expect(() => read(text)).toThrow('expected');
  });
});

describe('failures', () => {
  it('says what happened, where, what was expected and what to do', () => {
    const error = badInput('Import refused', {
      expected: 'a number',
      remedy: 'Correct the line',
      problems: [{ file: 'a.tsv', line: 3, field: 'score', message: 'is "NaN"' }, { message: 'ends early' }],
    });
    expect(describeFailure(error)).toBe(
      'error: Import refused\n  a.tsv, line 3, score: is "NaN"\n  ends early\nexpected: a number\nremedy: Correct the line',
    );
    expect(describeFailure('odd')).toBe('error: odd');
    expect(['wait', null].map((remedy) => describeEnd({ message: 'gone', remedy }))).toEqual([
      ...['\nerror: gone\nremedy: wait', '\nerror: gone'],
    ]);
    expect(describeEnd(null)).toBe('');
  });
  it('ends with the code of its kind', () => {
    expect(exitCodeOf(badInput('x'))).toBe(exitCodes.badInput);
    expect(exitCodeOf(new NoServer('x'))).toBe(exitCodes.noServer);
    expect(exitCodeOf(unavailable('the disk is full'))).toBe(exitCodes.failure);
    expect(exitCodeOf(new Error('x'))).toBe(exitCodes.failure);
    const answered = (code: string, field?: string) => new ApiError([{ message: 'x', extensions: { code, field } }]);
    expect(exitCodeOf(unreachable('http://127.0.0.1:1', undefined))).toBe(exitCodes.noServer);
    expect(exitCodeOf(answered('UNAVAILABLE'))).toBe(exitCodes.failure);
    expect(exitCodeOf(new RunNotSucceeded('x'))).toBe(exitCodes.runNotSucceeded);
    expect(exitCodeOf(answered('NOT_FOUND'))).toBe(exitCodes.badInput);
    expect(exitCodeOf(answered('INTERNAL_SERVER_ERROR'))).toBe(exitCodes.failure);
  });
});
