/** Which variables statements may change. */

import type { Local } from '../ir/graph.ts';
import type { Expression, Statement } from '../syntax/ast.ts';
import type { Scope } from './scopes.ts';
import type { Locals, Place } from './value-types.ts';

interface Names {
  readonly assigned: Set<string>;
  /** Operands of calls: what they point to may change, if they are pointers. */
  readonly passed: Set<string>;
}

/** The locals of the variables of `scope` that the statements assign, directly or through pointers. May be too many. */
export function assignedLocals(statements: readonly Statement[], scope: Scope): Set<Local> {
  const locals = new Set<Local>();
  const names: Names = { assigned: new Set(), passed: new Set() };
  for (const statement of statements) collect(statement, names);
  for (const name of names.assigned) {
    const named = scope.find(name);
    if (named?.kind === 'place') addLocals(named.place, locals);
  }
  for (const name of [...names.assigned, ...names.passed]) {
    const named = scope.find(name);
    if (named?.kind === 'value' && named.value.kind === 'pointer') addLocals(named.value.place, locals);
  }
  return locals;
}

function addLocals(place: Place, to: Set<Local>): void {
  if (place.kind === 'component') addLocals(place.of, to);
  if (place.kind === 'local') addAll(place.locals, to);
}

function addAll(locals: Locals, to: Set<Local>): void {
  if ('id' in locals) to.add(locals);
  else for (const part of locals) addAll(part, to);
}

function collect(statement: Statement, names: Names): void {
  switch (statement.kind) {
    case 'assign':
      if (statement.target !== undefined) {
        addRoot(statement.target, names);
        collectPointers(statement.target, names);
      }
      collectPointers(statement.value, names);
      break;
    case 'call':
      collectPointers(statement.call, names);
      break;
    case 'block':
      collectAll(statement.body, names);
      break;
    case 'if':
      collectPointers(statement.condition, names);
      collectAll(statement.onTrue, names);
      collectAll(statement.onFalse ?? [], names);
      break;
    case 'loop':
      if (statement.start !== undefined) collect(statement.start, names);
      if (statement.condition !== undefined) collectPointers(statement.condition, names);
      collectAll(statement.step, names);
      collectAll(statement.body, names);
      break;
    case 'switch':
      collectPointers(statement.on, names);
      for (const { body } of statement.cases) collectAll(body, names);
      break;
    case 'return':
    case 'const':
    case 'let':
    case 'var':
    case 'override':
      if (statement.value?.kind === 'name') names.passed.add(statement.value.name);
      if (statement.value !== undefined) collectPointers(statement.value, names);
      break;
    default:
  }
}

function collectAll(statements: readonly Statement[], names: Names): void {
  for (const statement of statements) collect(statement, names);
}

/** What a call may change: what its operands point to. */
function collectPointers(expression: Expression, names: Names): void {
  switch (expression.kind) {
    case 'unary':
      if (expression.operator === '&') addRoot(expression.operand, names);
      collectPointers(expression.operand, names);
      break;
    case 'binary':
      collectPointers(expression.left, names);
      collectPointers(expression.right, names);
      break;
    case 'member':
      collectPointers(expression.of, names);
      break;
    case 'index':
      collectPointers(expression.of, names);
      collectPointers(expression.index, names);
      break;
    case 'call':
      for (const operand of expression.operands) {
        if (operand.kind === 'name') names.passed.add(operand.name);
        collectPointers(operand, names);
      }
      break;
    default:
  }
}

function addRoot(expression: Expression, names: Names): void {
  if (expression.kind === 'name') names.assigned.add(expression.name);
  if (expression.kind === 'unary') addRoot(expression.operand, names);
  if (expression.kind === 'member' || expression.kind === 'index') addRoot(expression.of, names);
}
