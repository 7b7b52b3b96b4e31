/** Names: the types of a module, and what names stand for in its scopes. */

import type { Expression, Module, TypeExpression } from '../syntax/ast.ts';
import {
  arrayType,
  matrixType,
  type ScalarType,
  type StructType,
  scalars,
  structType,
  type Type,
  vectorType,
} from '../types.ts';
import type { Place, Value } from './value-types.ts';
import { unsupported } from './values.ts';

/** A name stands for a value that does not change, or for a place. */
export type Named =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'place'; readonly place: Place };

export class Scope {
  readonly #outer: Scope | undefined;
  readonly #names = new Map<string, Named>();

  constructor(outer: Scope | undefined) {
    this.#outer = outer;
  }

  define(name: string, named: Named): void {
    this.#names.set(name, named);
  }

  find(name: string): Named | undefined {
    return this.#names.get(name) ?? this.#outer?.find(name);
  }
}

const vectors = /^vec([234])([fiu]?)$/;
const matrices = /^mat([234])x([234])f?$/;
const elements: Readonly<Record<string, string>> = { f: 'f32', i: 'i32', u: 'u32' };

/** The types that a module's text names. `count` evaluates the length of an array. */
export class TypeNames {
  readonly #module: Module;
  readonly #count: (expression: Expression | TypeExpression) => number;
  readonly #structs = new Map<string, StructType>();

  constructor(module: Module, count: (expression: Expression | TypeExpression) => number) {
    this.#module = module;
    this.#count = count;
  }

  /** Undefined if the name is no type. */
  find({ name, templates, line }: TypeExpression): Type | undefined {
    const alias = this.#module.aliases.get(name);
    if (alias !== undefined) return this.of(alias);
    if (this.#module.structs.has(name)) return this.#struct(name);
    const [, size, suffix] = vectors.exec(name) ?? [];
    if (size !== undefined) {
      // Without an element it is a constructor that takes that of its operands.
      const element = suffix === '' ? this.#template(templates[0]) : scalars[elements[suffix!]!];
      return element === undefined ? undefined : vectorType(Number(size), element as ScalarType);
    }
    const [, columns, rows] = matrices.exec(name) ?? [];
    if (columns !== undefined) return matrixType(Number(columns), Number(rows));
    if (name === 'array') return this.#array(templates);
    if (name === 'atomic') {
      return { kind: 'atomic', element: this.#template(templates[0]) as ScalarType, name: `atomic line ${line}` };
    }
    if (name === 'ptr') return { kind: 'pointer', to: this.#template(templates[1])!, name: 'ptr' };
    return scalars[name];
  }

  of(expression: TypeExpression): Type {
    return this.find(expression) ?? unsupported(`the type ${expression.name}`);
  }

  #array([element, count]: TypeExpression['templates']): Type {
    const type = this.#template(element) ?? unsupported('an array without an element type');
    return arrayType(type, count === undefined ? undefined : this.#count(count));
  }

  #template(template: TypeExpression | Expression | undefined): Type | undefined {
    if (template === undefined) return undefined;
    if ('templates' in template) return this.of(template);
    return template.kind === 'name' ? this.of({ name: template.name, templates: [], line: template.line }) : undefined;
  }

  #struct(name: string): StructType {
    const known = this.#structs.get(name);
    if (known !== undefined) return known;
    const { members } = this.#module.structs.get(name)!;
    const made = structType(
      name,
      members.map((member) => ({ name: member.name, type: this.of(member.type) })),
    );
    this.#structs.set(name, made);
    return made;
  }
}
