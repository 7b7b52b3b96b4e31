/**
 * The code of one WebAssembly function as a tree of regions. Values are in static single assignment form and are shared
 * (value numbering); variables are WebAssembly locals that are set and read.
 */

export type WasmType = 'i32' | 'f32' | 'v128';

/** An instruction with a result. */
export interface Node {
  readonly kind: 'node';
  readonly id: number;
  /** A WebAssembly mnemonic, or `parameter`. */
  readonly op: string;
  readonly operands: readonly Node[];
  readonly type: WasmType;
  /** What the instruction's encoding holds besides: constants (f32 as bits), offsets, lanes, indices. */
  readonly immediates: readonly number[];
  readonly region: Region;
  /** `none` may be shared, moved and left out; `read` may be left out; `effect` stays where it is. */
  readonly does: 'none' | 'read' | 'effect';
}

/** A variable. */
export interface Local {
  readonly id: number;
  readonly type: WasmType;
  /** Where it was made: before, it does not exist. */
  readonly declared: Region;
  /** What it holds, as far as known, and where that is known. */
  held: { readonly node: Node; readonly region: Region } | undefined;
}

export type Item =
  | Node
  | { readonly kind: 'set'; readonly local: Local; readonly value: Node }
  | {
      readonly kind: 'do';
      readonly op: string;
      readonly operands: readonly Node[];
      readonly immediates: readonly number[];
    }
  /** Goes to the end of a block or to the beginning of a loop. */
  | { readonly kind: 'branch'; readonly to: Region; readonly condition: Node | undefined }
  | { readonly kind: 'region'; readonly region: Region }
  | { readonly kind: 'if'; readonly condition: Node; readonly onTrue: Region; readonly onFalse: Region | undefined };

export interface Region {
  readonly kind: 'function' | 'block' | 'loop' | 'branch';
  readonly parent: Region | undefined;
  readonly depth: number;
  readonly items: Item[];
  /** Shared nodes by what they compute. */
  readonly known: Map<string, Node>;
  /** Variables that a loop sets. */
  readonly assigned: ReadonlySet<Local>;
}

const none: ReadonlySet<Local> = new Set();

export const newRegion = (kind: Region['kind'], parent: Region | undefined, assigned = none): Region => ({
  kind,
  parent,
  depth: parent === undefined ? 0 : parent.depth + 1,
  items: [],
  known: new Map(),
  assigned,
});

/** Whether what is known in `outer` is known in `inner`. */
export function encloses(outer: Region, inner: Region): boolean {
  let region: Region | undefined = inner;
  while (region !== undefined && region.depth > outer.depth) region = region.parent;
  return region === outer;
}
