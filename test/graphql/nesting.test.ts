/** Texts with more levels of brackets than any operation needs are refused, whatever the brackets are. */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { parseWithin } from '../../src/graphql/limits/limits.ts';
import { deepestBrackets } from '../../src/graphql/limits/nesting.ts';

const parseText = parseWithin(defaultLimits);
const tooDeep = { message: 'The operation has too many levels of brackets', extensions: { code: 'LIMIT_EXCEEDED' } };
/** What the parser throws, or nothing. */
function thrownBy(text: string): unknown {
  try {
    parseText(text);
  } catch (error) {
    return error;
  }
}

describe('brackets', () => {
  it.each([
    ['lists', (n: number) => `{ a(b: ${'['.repeat(n)}1${']'.repeat(n)}) }`],
    ['objects', (n: number) => `{ a(b: ${'{c: '.repeat(n)}1${'}'.repeat(n)}) }`],
    ['fields', (n: number) => `${'{ a '.repeat(n)}${'}'.repeat(n)}`],
    ['types', (n: number) => `query ($a: ${'['.repeat(n)}Int${']'.repeat(n)}) { a }`],
    ['a text that ends early', (n: number) => `{ a(b: ${'['.repeat(n)}`],
  ])('of %s are refused beyond a number, thousands too', (_what, textOf) => {
    for (const levels of [deepestBrackets + 1, 1_900, 3_000]) expect(thrownBy(textOf(levels))).toMatchObject(tooDeep);
    expect(thrownBy(textOf(deepestBrackets - 10))).not.toMatchObject(tooDeep);
  });

  it('in strings and comments do not count, and those that were closed count no more', () => {
    const brackets = '['.repeat(3_000);
    expect(parseText(`{ a(b: "${brackets}") } # ${brackets}`).definitions).toHaveLength(1);
    expect(parseText(`{ ${'a(b: [1]) { c } '.repeat(300)} }`).definitions).toHaveLength(1);
  });

  it('leave it to the parser to say what is no GraphQL', () => {
    expect(() => parseText('{ a ? }')).toThrow('Syntax Error');
  });
});
