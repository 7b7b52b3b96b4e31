/** What of a function's code is needed, what stands in a local variable, and which products are added in one. */
import type { Node, Region } from '../ir/graph.ts';

export interface Plan {
  /** Nodes whose value is kept in a local variable, in no order. The others are computed where they are used. */
  readonly kept: readonly Node[];
  /** Additions and subtractions that take a product along: the instruction instead, and its operands. */
  readonly fused: ReadonlyMap<Node, { readonly op: string; readonly operands: readonly Node[] }>;
}

export function planOf(root: Region, relaxed: boolean): Plan {
  const uses = new Uses(root);
  const fused = relaxed ? fuse(uses) : new Map();
  const kept = [...uses.needed].filter((node) => !uses.isComputedInPlace(node) && !isProductOf(fused, node, uses));
  return { kept, fused };
}

class Uses {
  readonly needed = new Set<Node>();
  readonly #count = new Map<Node, number>();
  /** Where the only use of a node is. */
  readonly #where = new Map<Node, Region>();
  /** Whether a node's value is used at all; effects run without. */
  readonly user = new Map<Node, Node>();

  constructor(root: Region) {
    this.#walk(root);
  }

  isComputedInPlace(node: Node): boolean {
    if (node.op === 'parameter' || node.op.endsWith('.const')) return true;
    const count = this.#count.get(node) ?? 0;
    if (count === 0) return true;
    return node.does === 'none' && count === 1 && this.#where.get(node) === node.region;
  }

  isUsedOnce(node: Node): boolean {
    return this.#count.get(node) === 1;
  }

  #walk(region: Region): void {
    for (const item of region.items) {
      switch (item.kind) {
        case 'node':
          if (item.does === 'effect') this.#need(item);
          break;
        case 'set':
          this.#use(item.value, region);
          break;
        case 'do':
          for (const operand of item.operands) this.#use(operand, region);
          break;
        case 'branch':
          if (item.condition !== undefined) this.#use(item.condition, region);
          break;
        case 'region':
          this.#walk(item.region);
          break;
        case 'if':
          this.#use(item.condition, region);
          this.#walk(item.onTrue);
          if (item.onFalse !== undefined) this.#walk(item.onFalse);
          break;
      }
    }
  }

  #use(node: Node, region: Region): void {
    this.#count.set(node, (this.#count.get(node) ?? 0) + 1);
    this.#where.set(node, region);
    this.#need(node);
  }

  #need(node: Node): void {
    if (this.needed.has(node)) return;
    this.needed.add(node);
    for (const operand of node.operands) {
      this.user.set(operand, node);
      this.#use(operand, node.region);
    }
  }
}

function fuse(uses: Uses): Map<Node, { op: string; operands: readonly Node[] }> {
  const fused = new Map<Node, { op: string; operands: readonly Node[] }>();
  for (const node of uses.needed) {
    const [left, right] = node.operands as readonly [Node, Node];
    const isProduct = (operand: Node): boolean => operand.op === 'f32x4.mul' && uses.isUsedOnce(operand);
    if (node.op === 'f32x4.add' && isProduct(right)) {
      fused.set(node, { op: 'f32x4.relaxed_madd', operands: [...right.operands, left] });
    } else if (node.op === 'f32x4.add' && isProduct(left)) {
      fused.set(node, { op: 'f32x4.relaxed_madd', operands: [...left.operands, right] });
    } else if (node.op === 'f32x4.sub' && isProduct(right)) {
      fused.set(node, { op: 'f32x4.relaxed_nmadd', operands: [...right.operands, left] });
    }
  }
  return fused;
}

/** Whether the node is a product that its only user has taken along. */
function isProductOf(
  fused: ReadonlyMap<Node, { readonly operands: readonly Node[] }>,
  node: Node,
  uses: Uses,
): boolean {
  if (node.op !== 'f32x4.mul' || !uses.isUsedOnce(node)) return false;
  const taken = fused.get(uses.user.get(node)!);
  return taken !== undefined && !taken.operands.includes(node);
}
