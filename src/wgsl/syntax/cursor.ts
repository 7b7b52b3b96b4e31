/** Where a parser stands in the tokens. */
import { WgslError } from '../errors.ts';
import { type Token, tokenize } from './tokens.ts';

export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  /** The token `ahead` of the next one. */
  token(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  get line(): number {
    return this.token().line;
  }

  get atEnd(): boolean {
    return this.token().kind === 'end';
  }

  /** Whether the next token is this operator or word. */
  is(text: string): boolean {
    const token = this.token();
    return token.text === text && (token.kind === 'operator' || token.kind === 'name');
  }

  advance(count = 1): Token {
    const token = this.token();
    this.#at += count;
    return token;
  }

  /** Takes the token if it is there. */
  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at += 1;
    return true;
  }

  need(text: string): void {
    if (!this.take(text)) this.fail(`'${text}'`);
  }

  name(): string {
    if (this.token().kind !== 'name') this.fail('a name');
    return this.advance().text;
  }

  /** Items up to `close`, with commas between them; a comma may stand behind the last. */
  list<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.is(close)) {
      items.push(item());
      if (!this.take(',')) break;
    }
    this.need(close);
    return items;
  }

  fail(expected: string): never {
    throw new WgslError(`expected ${expected}, found '${this.token().text}'`, this.line);
  }
}
