/** Cuts WGSL into tokens. `>>`, `>=` and `>>=` are joined by the parser, because `>` also closes a template list. */
import { WgslError } from '../errors.ts';

export interface Token {
  readonly kind: 'number' | 'name' | 'operator' | 'end';
  readonly text: string;
  /** Offsets in the source: the first character, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
}

const blank = String.raw`\s+|\/\/[^\n]*|\/\*[^]*?\*\/`;
const number = [
  '0[xX][0-9a-fA-F]+[iu]?',
  String.raw`\d*\.\d+(?:[eE][+-]?\d+)?f?`,
  String.raw`\d+\.(?:[eE][+-]?\d+)?f?`,
  String.raw`\d+[eE][+-]?\d+f?`,
  String.raw`\d+[iuf]?`,
].join('|');
const name = String.raw`[A-Za-z_]\w*`;
const operator = String.raw`<<=|->|\+\+|--|&&|\|\||<<|[-+*\/%&|^]=|[<=!]=|[-+*\/%&|^~!<>=.,;:(){}\[\]@]`;
const pattern = new RegExp(`(${blank})|(${number})|(${name})|(${operator})`, 'y');

/** Ends with one token of kind `end`. Throws a WgslError where no token begins. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < source.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) throw new WgslError(`'${source[start]}' begins no token`, line);
    const [text, space, digits, word] = match;
    if (space === undefined) {
      const kind = digits !== undefined ? 'number' : word !== undefined ? 'name' : 'operator';
      tokens.push({ kind, text, start, end: start + text.length, line });
    }
    for (const character of text) if (character === '\n') line += 1;
  }
  tokens.push({ kind: 'end', text: 'the end', start: source.length, end: source.length, line });
  return tokens;
}
