/** The one text builder of training, evaluation and serving (docs/method.md section 1, "Text given to the encoder"). */
import type { PromptTemplates, TextRole, TextTriple } from './types.ts';

/** The instance instruction is cut at so many code points. */
export const instanceInstructionLimit = 512;

export interface BuiltText {
  /** Filled template; may be empty. */
  readonly prompt: string;
  /** Instance instruction and text; the encoder reads prompt + text, without a separator. */
  readonly text: string;
}

/** The prompt of a role: the template with the task instruction; nothing if the template asks for one and there is none. */
export function buildPrompt(templates: PromptTemplates, role: TextRole, taskInstruction: string): string {
  const template = templates[role];
  if (!template.includes('{task}')) return template;
  return taskInstruction === '' ? '' : template.replaceAll('{task}', () => taskInstruction);
}

/** Prompt and text of a triple in a role. */
export function buildText(templates: PromptTemplates, role: TextRole, triple: TextTriple): BuiltText {
  const [task, instance, text] = triple;
  return {
    prompt: buildPrompt(templates, role, task),
    text: firstCodePoints(instance, instanceInstructionLimit) + text,
  };
}

/** Length in Unicode code points. */
export function codePointLength(text: string): number {
  let length = text.length;
  for (let index = 0; index + 1 < text.length; index++) if (isPair(text, index)) length--;
  return length;
}

/** The first `limit` code points; never half a surrogate pair. */
export function firstCodePoints(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let end = 0;
  for (let taken = 0; taken < limit && end < text.length; taken++) end += isPair(text, end) ? 2 : 1;
  return text.slice(0, end);
}

const isPair = (text: string, index: number) =>
  (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;

/** Order of two strings by their UTF-8 bytes (JavaScript's `<` compares UTF-16 units, which differs above U+FFFF). */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = byteOrder(a.charCodeAt(index)) - byteOrder(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units. */
const byteOrder = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
