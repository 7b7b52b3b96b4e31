/**
 * Builds the code of a function. A pure instruction is made once for all that need it, outside of the loops that do not
 * change its operands: without that the matrix products lose a third of their speed, and engines do not recover it.
 */
import { encloses, type Local, type Node, newRegion, type Region, type WasmType } from './graph.ts';

const floatBits = new DataView(new ArrayBuffer(4));

/** The bits of a number as f32. */
export function bitsOf(value: number): number {
  floatBits.setFloat32(0, value);
  return floatBits.getUint32(0);
}

export class Builder {
  readonly root: Region = newRegion('function', undefined);
  readonly locals: Local[] = [];
  #region = this.root;
  #nodes = 0;
  readonly #constantLoads = new WeakSet<Node>();

  get region(): Region {
    return this.#region;
  }

  parameter(index: number): Node {
    return this.#add(this.root, 'parameter', [], 'i32', [index], 'none');
  }

  int(value: number): Node {
    return this.pure('i32.const', [], 'i32', [value | 0]);
  }

  float(value: number): Node {
    return this.pure('f32.const', [], 'f32', [bitsOf(value)]);
  }

  /** Four 32-bit words as bits. */
  words(values: readonly number[]): Node {
    return this.pure(
      'v128.const',
      [],
      'v128',
      values.map((value) => value | 0),
    );
  }

  /** An instruction without effects, which neither traps nor reads memory. */
  pure(op: string, operands: readonly Node[], type: WasmType, immediates: readonly number[] = []): Node {
    const key = keyOf(op, operands, immediates);
    const known = this.#find(key);
    if (known !== undefined) return known;
    const region = op.endsWith('.const') ? this.root : this.#homeOf(operands);
    const node = this.#add(region, op, operands, type, immediates, 'none');
    region.known.set(key, node);
    return node;
  }

  /** Reads memory; `constant` = nothing writes there while the function runs. */
  load(op: string, type: WasmType, address: Node, offset: number, constant: boolean): Node {
    const key = keyOf(op, [address], [offset]);
    const known = constant ? this.#find(key) : undefined;
    if (known !== undefined) return known;
    const node = this.#add(this.#region, op, [address], type, [offset], 'read');
    if (constant) {
      this.#region.known.set(key, node);
      this.#constantLoads.add(node);
    }
    return node;
  }

  /** Four times a 32-bit value: loaded so where it is a load that can be done again, or was the last thing done. */
  splat(op: string, node: Node): Node {
    const [address] = node.operands;
    if (this.#constantLoads.has(node) && address !== undefined) {
      return this.load('v128.load32_splat', 'v128', address, node.immediates[0]!, true);
    }
    if (node.op.endsWith('32.load') && address !== undefined && this.#region.items.at(-1) === node) {
      return this.load('v128.load32_splat', 'v128', address, node.immediates[0]!, false);
    }
    return this.pure(op, [node], 'v128');
  }

  /** An instruction with a result and an effect. */
  effect(op: string, operands: readonly Node[], type: WasmType, immediates: readonly number[]): Node {
    return this.#add(this.#region, op, operands, type, immediates, 'effect');
  }

  /** An instruction without a result. */
  do(op: string, operands: readonly Node[], immediates: readonly number[] = []): void {
    this.#region.items.push({ kind: 'do', op, operands, immediates });
  }

  local(type: WasmType): Local {
    const local: Local = { id: this.locals.length, type, declared: this.#region, held: undefined };
    this.locals.push(local);
    return local;
  }

  set(local: Local, value: Node): void {
    this.#region.items.push({ kind: 'set', local, value });
    local.held = { node: value, region: this.#region };
  }

  get(local: Local): Node {
    if (local.held !== undefined && encloses(local.held.region, this.#region)) return local.held.node;
    let region = this.#region;
    for (let at: Region | undefined = region; at !== undefined && at !== local.declared; at = at.parent) {
      if (at.kind !== 'loop') continue;
      if (at.assigned.has(local)) break;
      region = at.parent ?? at;
    }
    const node = this.#add(region, 'local.get', [], local.type, [local.id], 'read');
    local.held = { node, region };
    return node;
  }

  /** What the variables hold is no longer known. */
  forget(locals: Iterable<Local>): void {
    for (const local of locals) local.held = undefined;
  }

  /** Builds a region inside of the present one; `place` puts it there. */
  within(region: Region, build: () => void): void {
    const saved = this.#region;
    this.#region = region;
    build();
    this.#region = saved;
  }

  /** Builds at the beginning of the function, whatever the present region is. */
  atRoot<T>(build: () => T): T {
    const saved = this.#region;
    this.#region = this.root;
    const result = build();
    this.#region = saved;
    return result;
  }

  inner(kind: Region['kind'], assigned?: ReadonlySet<Local>): Region {
    return newRegion(kind, this.#region, assigned);
  }

  place(region: Region): void {
    this.#region.items.push({ kind: 'region', region });
  }

  branch(to: Region, condition?: Node): void {
    this.#region.items.push({ kind: 'branch', to, condition });
  }

  if(condition: Node, onTrue: Region, onFalse: Region | undefined): void {
    this.#region.items.push({ kind: 'if', condition, onTrue, onFalse });
  }

  #add(
    region: Region,
    op: string,
    operands: readonly Node[],
    type: WasmType,
    immediates: readonly number[],
    does: Node['does'],
  ): Node {
    const node: Node = { kind: 'node', id: this.#nodes++, op, operands, type, immediates, region, does };
    region.items.push(node);
    return node;
  }

  #find(key: string): Node | undefined {
    for (let region: Region | undefined = this.#region; region !== undefined; region = region.parent) {
      const node = region.known.get(key);
      if (node !== undefined) return node;
    }
    return undefined;
  }

  /** Outside of every loop in which all operands stand still. */
  #homeOf(operands: readonly Node[]): Region {
    let deepest = this.root;
    for (const { region } of operands) if (region.depth > deepest.depth) deepest = region;
    let home = this.#region;
    for (let at = this.#region; at !== deepest && at.parent !== undefined; at = at.parent) {
      if (at.kind === 'loop') home = at.parent;
    }
    return home;
  }
}

const keyOf = (op: string, operands: readonly Node[], immediates: readonly number[]): string =>
  `${op} ${immediates.join()} ${operands.map(({ id }) => id).join()}`;
