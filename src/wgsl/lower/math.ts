/** The functions of math.wgsl, read twice: for f32, and for four at once. */
import { readFileSync } from 'node:fs';
import { parse } from '../syntax/parse.ts';
import type { Unit } from './frame.ts';
import { Scope } from './scopes.ts';
import { unitOf } from './unit.ts';

interface MathUnits {
  readonly scalar: Unit;
  readonly four: Unit;
}

let units: MathUnits | undefined;

export function mathUnits(): MathUnits {
  units ??= read();
  return units;
}

function read(): MathUnits {
  const text = readFileSync(new URL('../math.wgsl', import.meta.url), 'utf8');
  const unit = (t: string, i: string, u: string): Unit =>
    unitOf(parse(`alias T = ${t}; alias I = ${i}; alias U = ${u};\n${text}`), new Scope(undefined));
  return { scalar: unit('f32', 'i32', 'u32'), four: unit('vec4f', 'vec4i', 'vec4u') };
}
