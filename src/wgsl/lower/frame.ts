/** Where in a module the compiler is: the names in scope, and where `break`, `continue` and `return` go. */

import type { Region } from '../ir/graph.ts';
import type { Module } from '../syntax/ast.ts';
import type { Type } from '../types.ts';
import type { Scope, TypeNames } from './scopes.ts';
import type { Place } from './value-types.ts';

/** A module that functions come from: the kernel's own, or math.wgsl in one of its two readings. */
export interface Unit {
  readonly module: Module;
  readonly types: TypeNames;
  readonly globals: Scope;
}

export interface Frame {
  readonly unit: Unit;
  readonly scope: Scope;
  readonly breakTo: Region | undefined;
  readonly continueTo: Region | undefined;
  readonly returnTo: Return | undefined;
}

/** The end of a function's code, and where it leaves its result. */
interface Return {
  readonly region: Region;
  readonly type: Type | undefined;
  readonly place: Place | undefined;
}
