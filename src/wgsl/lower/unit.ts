/** A parsed module with its names. */
import type { Expression, Module, TypeExpression } from '../syntax/ast.ts';
import type { Unit } from './frame.ts';
import { type Scope, TypeNames } from './scopes.ts';
import { unsupported } from './values.ts';

export function unitOf(module: Module, globals: Scope): Unit {
  /** The length of an array: a number, or a constant of the module. */
  const count = (expression: Expression | TypeExpression): number => {
    if ('templates' in expression) return count({ kind: 'name', name: expression.name, line: expression.line });
    if (expression.kind === 'number') return Number(expression.text.replace(/[iu]$/, ''));
    const named = expression.kind === 'name' ? globals.find(expression.name) : undefined;
    const value = named?.kind === 'value' ? named.value : undefined;
    if (value?.kind === 'scalar' && value.constant !== undefined) return value.constant;
    return unsupported('the length of an array that is neither a number nor a constant');
  };
  return { module, types: new TypeNames(module, count), globals };
}
