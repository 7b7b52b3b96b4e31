import { describe, expect, it } from 'vitest';
import { buildPrompt, buildText, codePointLength, compareUtf8, firstCodePoints } from '../../src/data/text.ts';

const templates = { query: 'Instruction: {task} Query: ', sts: 'similar: ', passage: '' };

describe('buildText', () => {
  it('fills the template of the role and joins without separators', () => {
    expect(buildText(templates, 'query', ['Find it', 'in English: ', 'rust'])).toEqual({
      prompt: 'Instruction: Find it Query: ',
      text: 'in English: rust',
    });
    expect(buildText(templates, 'passage', ['Find it', '', 'rust'])).toEqual({ prompt: '', text: 'rust' });
  });

  it('gives no prompt where the template asks for an instruction and there is none', () => {
    expect(buildPrompt(templates, 'query', '')).toBe('');
    expect(buildPrompt(templates, 'sts', '')).toBe('similar: ');
  });

  it('takes an instruction literally', () => {
    expect(buildPrompt(templates, 'query', '$& {task}')).toBe('Instruction: $& {task} Query: ');
  });

  it('cuts the instance instruction at 512 code points', () => {
    const { text } = buildText(templates, 'passage', ['', '😀'.repeat(600), 'end']);
    expect(text).toBe(`${'😀'.repeat(512)}end`);
  });
});

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
