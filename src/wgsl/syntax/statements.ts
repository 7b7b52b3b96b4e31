/** Statements and blocks. */
import { WgslError } from '../errors.ts';
import type { ArithmeticOperator, Declaration, Expression, Statement, SwitchCase } from './ast.ts';
import type { Cursor } from './cursor.ts';
import type { ExpressionParser } from './expressions.ts';

const declarations = ['const', 'let', 'var', 'override'] as const;
const assignments: readonly ArithmeticOperator[] = ['+', '-', '*', '/', '%', '&', '|', '^', '<<'];

export class StatementParser {
  readonly #cursor: Cursor;
  readonly #expressions: ExpressionParser;

  constructor(cursor: Cursor, expressions: ExpressionParser) {
    this.#cursor = cursor;
    this.#expressions = expressions;
  }

  block(): Statement[] {
    this.#cursor.need('{');
    const body: Statement[] = [];
    while (!this.#cursor.is('}')) body.push(...this.#statement());
    this.#cursor.need('}');
    return body;
  }

  /** `const`, `let`, `var` or `override` up to the semicolon, which stays; `space` is what stands behind `var`. */
  declaration(): (Declaration & { readonly space: readonly string[] }) | undefined {
    const { line } = this.#cursor;
    const kind = declarations.find((word) => this.#cursor.take(word));
    if (kind === undefined) return undefined;
    const space = kind === 'var' && this.#cursor.take('<') ? this.#cursor.list('>', () => this.#cursor.name()) : [];
    const name = this.#cursor.name();
    const type = this.#cursor.take(':') ? this.#expressions.type() : undefined;
    const value = this.#cursor.take('=') ? this.#expressions.expression() : undefined;
    return { kind, name, type, value, line, space };
  }

  #statement(): Statement[] {
    const cursor = this.#cursor;
    const { line } = cursor;
    if (cursor.take(';')) return [];
    if (cursor.is('{')) return [{ kind: 'block', body: this.block(), line }];
    if (cursor.take('if')) return [this.#if(line)];
    if (cursor.take('for')) return [this.#for(line)];
    if (cursor.take('while')) {
      const condition = this.#expressions.expression();
      return [{ kind: 'loop', start: undefined, condition, step: [], body: this.block(), line }];
    }
    if (cursor.take('loop')) return [this.#loop(line)];
    if (cursor.take('switch')) return [this.#switch(line)];
    return [this.#simple(line)];
  }

  /** A statement that ends with a semicolon. */
  #simple(line: number): Statement {
    const statement = this.#beforeSemicolon(line);
    this.#cursor.need(';');
    return statement;
  }

  #beforeSemicolon(line: number): Statement {
    if (this.#cursor.take('return')) {
      return { kind: 'return', value: this.#cursor.is(';') ? undefined : this.#expressions.expression(), line };
    }
    if (this.#cursor.take('break')) return { kind: 'break', line };
    if (this.#cursor.take('continue')) return { kind: 'continue', line };
    return this.#declarationOrAssignment(line);
  }

  #declarationOrAssignment(line: number): Statement {
    return this.declaration() ?? this.#assignmentOrCall(line);
  }

  #assignmentOrCall(line: number): Statement {
    const cursor = this.#cursor;
    if (cursor.take('_')) {
      cursor.need('=');
      return { kind: 'assign', operator: undefined, target: undefined, value: this.#expressions.expression(), line };
    }
    const target = this.#expressions.unary();
    if (cursor.is('++') || cursor.is('--')) {
      const operator = cursor.advance().text === '++' ? '+' : '-';
      return { kind: 'assign', operator, target, value: { kind: 'number', text: '1', line }, line };
    }
    const operator = this.#assignment();
    if (operator !== undefined) {
      const value = this.#expressions.expression();
      return { kind: 'assign', operator: operator === '=' ? undefined : operator, target, value, line };
    }
    if (target.kind !== 'call') cursor.fail('a statement');
    return { kind: 'call', call: target, line };
  }

  #assignment(): ArithmeticOperator | '=' | undefined {
    if (this.#cursor.take('=')) return '=';
    if (['>', '>', '='].every((text, ahead) => this.#cursor.token(ahead).text === text)) {
      this.#cursor.advance(3);
      return '>>';
    }
    return assignments.find((operator) => this.#cursor.take(`${operator}=`));
  }

  #if(line: number): Statement {
    const condition = this.#expressions.expression();
    const onTrue = this.block();
    if (!this.#cursor.take('else')) return { kind: 'if', condition, onTrue, onFalse: undefined, line };
    const onFalse = this.#cursor.is('if') ? this.#statement() : this.block();
    return { kind: 'if', condition, onTrue, onFalse, line };
  }

  #for(line: number): Statement {
    this.#cursor.need('(');
    const start = this.#cursor.is(';') ? undefined : this.#declarationOrAssignment(line);
    this.#cursor.need(';');
    const condition = this.#cursor.is(';') ? undefined : this.#expressions.expression();
    this.#cursor.need(';');
    const step = this.#cursor.is(')') ? [] : [this.#assignmentOrCall(line)];
    this.#cursor.need(')');
    return { kind: 'loop', start, condition, step, body: this.block(), line };
  }

  #loop(line: number): Statement {
    this.#cursor.need('{');
    const body: Statement[] = [];
    let step: Statement[] = [];
    while (!this.#cursor.is('}')) {
      if (this.#cursor.take('continuing')) step = this.block();
      else body.push(...this.#statement());
    }
    this.#cursor.need('}');
    // The step is compiled outside of the body's scope.
    if (step.length > 0 && body.some(({ kind }) => kind === 'let' || kind === 'var' || kind === 'const')) {
      throw new WgslError('continuing behind declarations of the body is not supported', line);
    }
    return { kind: 'loop', start: undefined, condition: undefined, step, body, line };
  }

  #switch(line: number): Statement {
    const on = this.#expressions.expression();
    this.#cursor.need('{');
    const cases: SwitchCase[] = [];
    while (!this.#cursor.take('}')) cases.push(this.#case());
    return { kind: 'switch', on, cases, line };
  }

  #case(): SwitchCase {
    const selectors: Expression[] = [];
    let isDefault = this.#cursor.take('default');
    if (!isDefault) {
      this.#cursor.need('case');
      do {
        if (this.#cursor.is(':') || this.#cursor.is('{')) break;
        if (this.#cursor.take('default')) isDefault = true;
        else selectors.push(this.#expressions.expression());
      } while (this.#cursor.take(','));
    }
    this.#cursor.take(':');
    return { selectors, isDefault, body: this.block() };
  }
}
