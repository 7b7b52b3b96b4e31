/** Expressions and types, by recursive descent. */
import type { BinaryOperator, Expression, TypeExpression, UnaryOperator } from './ast.ts';
import type { Cursor } from './cursor.ts';
import type { Token } from './tokens.ts';

/** From the loosest to the tightest. */
const precedence: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const unaryOperators: readonly UnaryOperator[] = ['-', '!', '~', '*', '&'];
/** Names behind which `<` opens a template list; behind others it compares. */
const templated = /^(?:vec[234]|mat[234]x[234]|array|ptr|atomic|bitcast)$/;

export class ExpressionParser {
  readonly #cursor: Cursor;
  /** Template lists that are open: there `>` closes and does not compare. */
  #templates = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  type(): TypeExpression {
    const { line } = this.#cursor;
    const name = this.#cursor.name();
    return { name, templates: this.#cursor.is('<') ? this.#templateList() : [], line };
  }

  expression(level = 0): Expression {
    const operators = precedence[level];
    if (operators === undefined) return this.unary();
    let left = this.expression(level + 1);
    for (;;) {
      const [operator, tokens] = this.#operator();
      if (operator === undefined || !operators.includes(operator)) return left;
      const { line } = this.#cursor.advance(tokens);
      left = { kind: 'binary', operator, left, right: this.expression(level + 1), line };
    }
  }

  /** Also what may stand to the left of an assignment. */
  unary(): Expression {
    const { line } = this.#cursor;
    for (const operator of unaryOperators) {
      if (this.#cursor.take(operator)) return { kind: 'unary', operator, operand: this.unary(), line };
    }
    return this.#postfix(this.#primary());
  }

  /** The operands of a call or of an attribute, from the parenthesis on. */
  operands(): Expression[] {
    this.#cursor.need('(');
    return this.#outsideOfTemplates(() => this.#cursor.list(')', () => this.expression()));
  }

  #templateList(): (TypeExpression | Expression)[] {
    this.#cursor.need('<');
    this.#templates += 1;
    const list = this.#cursor.list('>', () => {
      const isType = this.#cursor.token().kind === 'name' && /^[,><]$/.test(this.#cursor.token(1).text);
      return isType ? this.type() : this.expression();
    });
    this.#templates -= 1;
    return list;
  }

  #outsideOfTemplates<T>(parse: () => T): T {
    const saved = this.#templates;
    this.#templates = 0;
    const result = parse();
    this.#templates = saved;
    return result;
  }

  /** The binary operator that comes next, and of how many tokens it is. */
  #operator(): readonly [BinaryOperator | undefined, number] {
    const token = this.#cursor.token();
    if (token.kind !== 'operator') return [undefined, 0];
    if (token.text !== '>') return [token.text as BinaryOperator, 1];
    if (this.#templates > 0) return [undefined, 0];
    const next = this.#cursor.token(1);
    if (!touches(token, next)) return ['>', 1];
    if (next.text === '=') return ['>=', 2];
    if (next.text !== '>') return ['>', 1];
    const assigns = touches(next, this.#cursor.token(2)) && this.#cursor.token(2).text === '=';
    return assigns ? [undefined, 0] : ['>>', 2];
  }

  #postfix(start: Expression): Expression {
    let expression = start;
    for (;;) {
      const { line } = this.#cursor;
      if (this.#cursor.take('.')) {
        expression = { kind: 'member', of: expression, name: this.#cursor.name(), line };
      } else if (this.#cursor.take('[')) {
        const index = this.#outsideOfTemplates(() => this.expression());
        this.#cursor.need(']');
        expression = { kind: 'index', of: expression, index, line };
      } else {
        return expression;
      }
    }
  }

  #primary(): Expression {
    const { kind, text, line } = this.#cursor.token();
    if (kind === 'number') {
      this.#cursor.advance();
      return { kind: 'number', text, line };
    }
    if (this.#cursor.take('(')) {
      const inner = this.#outsideOfTemplates(() => this.expression());
      this.#cursor.need(')');
      return inner;
    }
    if (kind !== 'name') this.#cursor.fail('an expression');
    this.#cursor.advance();
    if (text === 'true' || text === 'false') return { kind: 'boolean', value: text === 'true', line };
    const templates = templated.test(text) && this.#cursor.is('<') ? this.#templateList() : [];
    if (!this.#cursor.is('(')) return { kind: 'name', name: text, line };
    return { kind: 'call', callee: { name: text, templates, line }, operands: this.operands(), line };
  }
}

const touches = (token: Token, next: Token): boolean => token.end === next.start;
