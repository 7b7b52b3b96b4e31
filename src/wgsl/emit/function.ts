/** The bytes of a function's code. */
import type { Builder } from '../ir/builder.ts';
import type { Item, Node, Region, WasmType } from '../ir/graph.ts';
import { unsigned, vector } from './bytes.ts';
import { type Opcode, opcodes } from './opcodes.ts';
import { planOf } from './plan.ts';

const typeBytes: Readonly<Record<WasmType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const emptyBlock = 0x40;
const [blockOp, loopOp, ifOp, elseOp, endOp] = [0x02, 0x03, 0x04, 0x05, 0x0b];

export interface FunctionOptions {
  /** Of type i32, before the function's own variables. */
  readonly parameters: number;
  /** Use multiply-and-add, which rounds once where the machine can, instead of two roundings. */
  readonly relaxed: boolean;
  /** The parameter that holds the address of this thread's scratch memory, and where constants may stand there. */
  readonly constants: { readonly parameter: number; readonly offset: number };
}

export interface FunctionCode {
  readonly body: number[];
  /** Bytes of scratch memory that the constants take. */
  readonly constantBytes: number;
}

export function functionCode(code: Builder, options: FunctionOptions): FunctionCode {
  return new Emitter(code, options).emit();
}

class Emitter {
  readonly #code: Builder;
  readonly #options: FunctionOptions;
  readonly #plan: ReturnType<typeof planOf>;
  /** The local variable of a node, or of a variable of the code. */
  readonly #nodeLocals = new Map<Node, number>();
  readonly #localIndices: number[] = [];
  /** Vectors that stand in scratch memory: a register for each would be spilled, and inline they cost more. */
  readonly #constants = new Map<string, { readonly words: readonly number[]; readonly at: number }>();
  readonly #labels: (Region | undefined)[] = [];
  #bytes: number[] = [];

  constructor(code: Builder, options: FunctionOptions) {
    this.#code = code;
    this.#options = options;
    this.#plan = planOf(code.root, options.relaxed);
  }

  emit(): FunctionCode {
    const declarations = this.#declareLocals();
    this.#region(this.#code.root);
    const instructions = this.#bytes;
    this.#bytes = [];
    for (const { words, at } of this.#constants.values()) {
      this.#instruction('local.get', [this.#options.constants.parameter]);
      this.#instruction('v128.const', words);
      this.#instruction('v128.store', [at]);
    }
    return {
      body: [...declarations, ...this.#bytes, ...instructions, endOp],
      constantBytes: this.#constants.size * 16,
    };
  }

  #declareLocals(): number[] {
    let next = this.#options.parameters;
    const groups: number[][] = [];
    for (const type of Object.keys(typeBytes) as WasmType[]) {
      const first = next;
      for (const local of this.#code.locals) if (local.type === type) this.#localIndices[local.id] = next++;
      for (const node of this.#plan.kept) if (node.type === type) this.#nodeLocals.set(node, next++);
      if (next > first) groups.push([...unsigned(next - first), typeBytes[type]]);
    }
    return vector(groups);
  }

  #region(region: Region): void {
    for (const item of region.items) this.#item(item);
  }

  #item(item: Item): void {
    switch (item.kind) {
      case 'node': {
        const local = this.#nodeLocals.get(item);
        if (local !== undefined) {
          this.#node(item);
          this.#instruction('local.set', [local]);
        } else if (item.does === 'effect') {
          this.#node(item);
          this.#bytes.push(0x1a);
        }
        break;
      }
      case 'set':
        this.#value(item.value);
        this.#instruction('local.set', [this.#localIndices[item.local.id]!]);
        break;
      case 'do':
        for (const operand of item.operands) this.#value(operand);
        this.#instruction(item.op, item.immediates);
        break;
      case 'branch':
        if (item.condition !== undefined) this.#value(item.condition);
        this.#instruction(item.condition === undefined ? 'br' : 'br_if', [this.#depthOf(item.to)]);
        break;
      case 'region':
        this.#bytes.push(item.region.kind === 'loop' ? loopOp : blockOp, emptyBlock);
        this.#labelled(item.region, item.region);
        this.#bytes.push(endOp);
        break;
      case 'if':
        this.#value(item.condition);
        this.#bytes.push(ifOp, emptyBlock);
        this.#labelled(undefined, item.onTrue);
        if (item.onFalse !== undefined) {
          this.#bytes.push(elseOp);
          this.#labelled(undefined, item.onFalse);
        }
        this.#bytes.push(endOp);
        break;
    }
  }

  #labelled(label: Region | undefined, region: Region): void {
    this.#labels.push(label);
    this.#region(region);
    this.#labels.pop();
  }

  #depthOf(region: Region): number {
    return this.#labels.length - 1 - this.#labels.lastIndexOf(region);
  }

  /** Puts a node's value on the stack. */
  #value(node: Node): void {
    const local = this.#nodeLocals.get(node);
    if (local !== undefined) this.#instruction('local.get', [local]);
    else if (node.op === 'parameter') this.#instruction('local.get', node.immediates);
    else if (node.op === 'v128.const') this.#constant(node);
    else this.#node(node);
  }

  #node(node: Node): void {
    if (node.op === 'local.get') {
      this.#instruction('local.get', [this.#localIndices[node.immediates[0]!]!]);
      return;
    }
    const fused = this.#plan.fused.get(node);
    for (const operand of fused?.operands ?? node.operands) this.#value(operand);
    this.#instruction(fused?.op ?? node.op, node.immediates);
  }

  #constant({ immediates }: Node): void {
    const isPlain = immediates.every((bits) => bits === immediates[0] && (bits === 0 || bits === -1));
    if (isPlain) {
      this.#instruction('v128.const', immediates);
      return;
    }
    const { parameter, offset } = this.#options.constants;
    const key = immediates.join();
    const known = this.#constants.get(key);
    const at = known?.at ?? offset + 16 * this.#constants.size;
    if (known === undefined) this.#constants.set(key, { words: immediates, at });
    this.#instruction('local.get', [parameter]);
    this.#instruction('v128.load', [at]);
  }

  #instruction(mnemonic: string, immediates: readonly number[]): void {
    const { code, immediates: encode } = opcodeOf(mnemonic);
    this.#bytes.push(...code, ...encode(immediates));
  }
}

function opcodeOf(mnemonic: string): Opcode {
  const opcode = opcodes[mnemonic];
  if (opcode === undefined) throw new Error(`no opcode of ${mnemonic} is known`);
  return opcode;
}
