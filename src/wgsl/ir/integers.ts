/**
 * Integer arithmetic on 32 bits: constants are folded, and every sum knows its linear form, from which addresses are
 * made with as few additions in a loop as there are terms that change in it.
 */
import type { Builder } from './builder.ts';
import type { Node } from './graph.ts';

/** The sum of multiples of values, and a constant, modulo 2^32. */
export interface Linear {
  readonly terms: ReadonlyMap<Node, number>;
  readonly constant: number;
}

export type IntegerOperation =
  | 'add'
  | 'sub'
  | 'mul'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr_s'
  | 'shr_u'
  | 'div_s'
  | 'div_u'
  | 'rem_s'
  | 'rem_u';

/** Terms above which a sum is a value of its own. */
const mostTerms = 6;
/** An address below zero plus an offset does not wrap round, so offsets stay below where the first binding begins. */
const largestOffset = 2 ** 16;

const folded: Readonly<Partial<Record<IntegerOperation, (x: number, y: number) => number>>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: Math.imul,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => x << y,
  shr_s: (x, y) => x >> y,
  shr_u: (x, y) => x >>> y,
};

const constantOf = (node: Node): number | undefined => (node.op === 'i32.const' ? node.immediates[0] : undefined);

const isPowerOfTwo = (value: number | undefined): value is number =>
  value !== undefined && value > 0 && (value & (value - 1)) === 0;
const exponentOf = (power: number): number => 31 - Math.clz32(power);

export class Integers {
  readonly #code: Builder;
  readonly #linear = new WeakMap<Node, Linear>();

  constructor(code: Builder) {
    this.#code = code;
  }

  /** Division by zero gives what WGSL says: the dividend, and 0 for a remainder. */
  compute(operation: IntegerOperation, left: Node, right: Node): Node {
    const [x, y] = [constantOf(left), constantOf(right)];
    if (x !== undefined && y !== undefined && folded[operation]) return this.#code.int(folded[operation](x, y));
    const simpler = this.#simplify(operation, left, right, x, y);
    if (simpler !== undefined) return simpler;
    if (operation === 'div_s' || operation === 'rem_s') return this.#divideSigned(operation, left, right);
    if (operation === 'div_u' || operation === 'rem_u') return this.#divideUnsigned(operation, left, right);
    const node = this.#code.pure(`i32.${operation}`, [left, right], 'i32');
    this.#noteLinear(node, operation, left, right);
    return node;
  }

  /** The linear form of a value. */
  linear(node: Node): Linear {
    const constant = constantOf(node);
    if (constant !== undefined) return { terms: new Map(), constant };
    return this.#linear.get(node) ?? { terms: new Map([[node, 1]]), constant: 0 };
  }

  /**
   * An address and an offset to it that make base + linear. Terms that change together are added to each other first,
   * those of outer loops before those of inner ones.
   */
  address(base: Node, { terms, constant }: Linear): { address: Node; offset: number } {
    const ordered = [...terms].sort(([a], [b]) => a.region.depth - b.region.depth || a.id - b.id);
    let address = base;
    let group: Node | undefined;
    let depth = -1;
    const close = (): void => {
      if (group !== undefined) address = this.#add(address, group);
      group = undefined;
    };
    for (const [node, factor] of ordered) {
      const term = this.compute('mul', node, this.#code.int(factor));
      if (node.region.depth !== depth) close();
      depth = node.region.depth;
      group = group === undefined ? term : this.#add(group, term);
    }
    close();
    const isOffset = constant >= 0 && constant <= largestOffset;
    return isOffset
      ? { address, offset: constant }
      : { address: this.#add(address, this.#code.int(constant)), offset: 0 };
  }

  #add(left: Node, right: Node): Node {
    return this.#code.pure('i32.add', [left, right], 'i32');
  }

  #simplify(operation: IntegerOperation, left: Node, right: Node, x?: number, y?: number): Node | undefined {
    if (y === 0 && ['add', 'sub', 'or', 'xor', 'shl', 'shr_s', 'shr_u'].includes(operation)) return left;
    if (x === 0 && operation === 'add') return right;
    if (y === 1 && ['mul', 'div_s', 'div_u'].includes(operation)) return left;
    if (operation === 'mul' && x !== undefined) return this.compute('mul', right, left);
    if (isPowerOfTwo(y)) {
      if (operation === 'mul') return this.compute('shl', left, this.#code.int(exponentOf(y)));
      if (operation === 'div_u') return this.compute('shr_u', left, this.#code.int(exponentOf(y)));
      if (operation === 'rem_u') return this.compute('and', left, this.#code.int(y - 1));
    }
    return undefined;
  }

  #divideUnsigned(operation: 'div_u' | 'rem_u', left: Node, right: Node): Node {
    const y = constantOf(right);
    if (y !== undefined && y !== 0) return this.#code.pure(`i32.${operation}`, [left, right], 'i32');
    return this.#code.pure(`i32.${operation}`, [left, this.#orOne(right)], 'i32');
  }

  /** The least integer over -1 overflows and traps in WebAssembly; WGSL gives the dividend, and remainder 0. */
  #divideSigned(operation: 'div_s' | 'rem_s', left: Node, right: Node): Node {
    const code = this.#code;
    const isLeast = code.pure('i32.eq', [left, code.int(-(2 ** 31))], 'i32');
    const isMinusOne = code.pure('i32.eq', [right, code.int(-1)], 'i32');
    const overflows = code.pure('i32.and', [isLeast, isMinusOne], 'i32');
    const divisor = code.pure('select', [code.int(1), this.#orOne(right), overflows], 'i32');
    return code.pure(`i32.${operation}`, [left, divisor], 'i32');
  }

  #orOne(divisor: Node): Node {
    return this.#code.pure('select', [divisor, this.#code.int(1), divisor], 'i32');
  }

  #noteLinear(node: Node, operation: IntegerOperation, left: Node, right: Node): void {
    if (this.#linear.has(node)) return;
    const linear = this.#linearOf(operation, left, right);
    if (linear !== undefined && linear.terms.size <= mostTerms) this.#linear.set(node, linear);
  }

  #linearOf(operation: IntegerOperation, left: Node, right: Node): Linear | undefined {
    const factor = constantOf(right);
    if (operation === 'add') return sum(this.linear(left), this.linear(right));
    if (operation === 'sub') return sum(this.linear(left), scaled(this.linear(right), -1));
    if (operation === 'mul' && factor !== undefined) return scaled(this.linear(left), factor);
    if (operation === 'shl' && factor !== undefined) return scaled(this.linear(left), 1 << factor);
    return undefined;
  }
}

export function sum(a: Linear, b: Linear): Linear {
  const terms = new Map(a.terms);
  for (const [node, factor] of b.terms) {
    const total = ((terms.get(node) ?? 0) + factor) | 0;
    if (total === 0) terms.delete(node);
    else terms.set(node, total);
  }
  return { terms, constant: (a.constant + b.constant) | 0 };
}

export const scaled = ({ terms, constant }: Linear, factor: number): Linear => ({
  terms: new Map([...terms].map(([node, times]) => [node, Math.imul(times, factor)])),
  constant: Math.imul(constant, factor),
});

export const constantLinear = (constant: number): Linear => ({ terms: new Map(), constant });
