/** What is written as CSV, read again by csv-parse. */
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { type Cell, csvLine } from '../../src/services/common/csv.ts';

const read = (...lines: readonly (readonly Cell[])[]): string[][] =>
  parse(lines.map(csvLine).join(''), { record_delimiter: '\r\n' });

describe('csvLine', () => {
  it('quotes what must be quoted and nothing else', () => {
    expect(csvLine(['plain', 'a,b', 'say "so"', 'two\nlines', ' spaced ', ''])).toBe(
      'plain,"a,b","say ""so""","two\nlines", spaced ,\r\n',
    );
  });

  it('is read again as it was', () => {
    const texts = ['a,b', '"', '""', 'cr\rlf\r\nend', '水泵', '', "it's", 'x=1', 'a-b', 'é\u0000'];
    expect(read(texts, [...texts].reverse())).toEqual([texts, [...texts].reverse()]);
  });

  it('writes numbers as they are, and nothing for what is none', () => {
    const numbers = [-0.5, 1e-7, 0, 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY, null, true];
    expect(csvLine(numbers)).toBe('-0.5,1e-7,0,9007199254740992,,,,true\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '  =1', '=HYPERLINK("http://x","y")'])(
    'makes a text of the formula %j',
    (formula) => {
      expect(read([formula, 'b'])).toEqual([[`'${formula}`, 'b']]);
    },
  );
});
