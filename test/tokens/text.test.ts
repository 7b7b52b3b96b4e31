import { describe, expect, it } from 'vitest';
import { fillTemplate } from '../../src/model/templates.ts';
import { buildText } from '../../src/tokens/text.ts';

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
    expect(fillTemplate(templates.query, '')).toBe('');
    expect(fillTemplate(templates.sts, '')).toBe('similar: ');
  });

  it('takes an instruction literally', () => {
    expect(fillTemplate(templates.query, '$& {task}')).toBe('Instruction: $& {task} Query: ');
  });

  it('cuts the instance instruction at 512 code points', () => {
    const { text } = buildText(templates, 'passage', ['', '😀'.repeat(600), 'end']);
    expect(text).toBe(`${'😀'.repeat(512)}end`);
  });
});
