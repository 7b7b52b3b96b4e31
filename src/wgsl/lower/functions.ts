/** Calls: the body of a function is put where it is called. */

import type { FunctionDeclaration, Statement } from '../syntax/ast.ts';
import type { Expressions, Machinery } from './expressions.ts';
import type { Frame, Unit } from './frame.ts';
import { Scope } from './scopes.ts';
import type { Statements } from './statements.ts';
import type { Value } from './value-types.ts';
import { converted, unsupported } from './values.ts';

/** Returns undefined where the function has no result. */
export function inlined(
  name: string,
  operands: readonly Value[],
  unit: Unit,
  { machinery, expressions, statements }: { machinery: Machinery; expressions: Expressions; statements: Statements },
): Value | undefined {
  const declared = unit.module.functions.get(name)!;
  const { code, places } = machinery;
  const scope = new Scope(unit.globals);
  for (const [i, parameter] of declared.parameters.entries()) {
    const type = unit.types.of(parameter.type);
    const operand = operands[i] ?? unsupported(`a call of ${name} with ${operands.length} operands`);
    scope.define(parameter.name, {
      kind: 'value',
      value: type.kind === 'pointer' ? operand : statements.settled(converted(operand, type)),
    });
  }
  const type = declared.result === undefined ? undefined : unit.types.of(declared.result);
  const frame: Frame = { unit, scope, breakTo: undefined, continueTo: undefined, returnTo: undefined };

  const last = declared.body.at(-1);
  if (returnsAtTheEndOnly(declared)) {
    const isResult = last?.kind === 'return';
    statements.run(isResult ? declared.body.slice(0, -1) : declared.body, frame);
    const result = isResult && last.value !== undefined ? expressions.value(last.value, frame) : undefined;
    return result === undefined || type === undefined ? undefined : converted(result, type);
  }
  const place = type === undefined ? undefined : places.variable(type);
  const region = code.inner('block');
  code.within(region, () => statements.run(declared.body, { ...frame, returnTo: { region, type, place } }));
  code.place(region);
  return place === undefined ? undefined : places.read(place);
}

function returnsAtTheEndOnly({ body }: FunctionDeclaration): boolean {
  const returns = countReturns(body);
  return returns === 0 || (returns === 1 && body.at(-1)?.kind === 'return');
}

function countReturns(statements: readonly Statement[]): number {
  let count = 0;
  for (const statement of statements) {
    if (statement.kind === 'return') count += 1;
    if (statement.kind === 'block' || statement.kind === 'loop') count += countReturns(statement.body);
    if (statement.kind === 'if') count += countReturns(statement.onTrue) + countReturns(statement.onFalse ?? []);
    if (statement.kind === 'switch') for (const { body } of statement.cases) count += countReturns(body);
  }
  return count;
}
