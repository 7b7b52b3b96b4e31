/** Parses the WGSL of a compute shader. */
import type {
  Attributes,
  Expression,
  FunctionDeclaration,
  GlobalDeclaration,
  Module,
  StructDeclaration,
  TypeExpression,
} from './ast.ts';
import { Cursor } from './cursor.ts';
import { ExpressionParser } from './expressions.ts';
import { StatementParser } from './statements.ts';

/** Throws a WgslError that names the line of what is not WGSL, or not the part of it that is known here. */
export function parse(source: string): Module {
  return new ModuleParser(source).module();
}

class ModuleParser {
  readonly #cursor: Cursor;
  readonly #expressions: ExpressionParser;
  readonly #statements: StatementParser;

  constructor(source: string) {
    this.#cursor = new Cursor(source);
    this.#expressions = new ExpressionParser(this.#cursor);
    this.#statements = new StatementParser(this.#cursor, this.#expressions);
  }

  module(): Module {
    const structs = new Map<string, StructDeclaration>();
    const aliases = new Map<string, TypeExpression>();
    const functions = new Map<string, FunctionDeclaration>();
    const globals: GlobalDeclaration[] = [];
    while (!this.#cursor.atEnd) {
      if (this.#cursor.take(';')) continue;
      const attributes = this.#attributes();
      const { line } = this.#cursor;
      if (this.#cursor.take('struct')) {
        const struct = this.#struct(line);
        structs.set(struct.name, struct);
      } else if (this.#cursor.take('alias')) {
        const name = this.#cursor.name();
        this.#cursor.need('=');
        aliases.set(name, this.#expressions.type());
        this.#cursor.need(';');
      } else if (this.#cursor.take('fn')) {
        const declared = this.#function(attributes, line);
        functions.set(declared.name, declared);
      } else {
        const declared = this.#statements.declaration();
        if (declared === undefined) this.#cursor.fail('a declaration');
        this.#cursor.need(';');
        globals.push({ ...declared, attributes });
      }
    }
    return { structs, aliases, functions, globals };
  }

  #attributes(): Attributes {
    const attributes = new Map<string, readonly Expression[]>();
    while (this.#cursor.take('@')) {
      const name = this.#cursor.name();
      attributes.set(name, this.#cursor.is('(') ? this.#expressions.operands() : []);
    }
    return attributes;
  }

  #struct(line: number): StructDeclaration {
    const name = this.#cursor.name();
    this.#cursor.need('{');
    const members = this.#cursor.list('}', () => this.#member());
    return { name, members, line };
  }

  #function(attributes: Attributes, line: number): FunctionDeclaration {
    const name = this.#cursor.name();
    this.#cursor.need('(');
    const parameters = this.#cursor.list(')', () => {
      const own = this.#attributes();
      return { ...this.#member(), attributes: own };
    });
    const result = this.#cursor.take('->') ? this.#expressions.type() : undefined;
    return { name, parameters, result, body: this.#statements.block(), attributes, line };
  }

  #member(): { name: string; type: TypeExpression } {
    const name = this.#cursor.name();
    this.#cursor.need(':');
    return { name, type: this.#expressions.type() };
  }
}
