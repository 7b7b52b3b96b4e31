import { describe, expect, it } from 'vitest';
import { codePointLength, compareUtf8, firstCodePoints } from '../../src/data/code-points.ts';

describe('code points', () => {
  it.each(['', 'abc', 'a😀b', '😀😀', '\ud800x', 'x\udc00'])('counts and cuts %j as the iterator does', (text) => {
    expect(codePointLength(text)).toBe([...text].length);
    for (const limit of [0, 1, 2, 9]) expect(firstCodePoints(text, limit)).toBe([...text].slice(0, limit).join(''));
  });
});

describe('compareUtf8', () => {
  it('orders as the bytes do', () => {
    const ids = ['', 'a', 'ab', 'B', '~', 'ß', '中', '\uffee', '\ue000', '😀', '😀a', '🦀'];
    const byBytes = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...ids].sort(compareUtf8)).toEqual(byBytes);
  });
});
