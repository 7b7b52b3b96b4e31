/** The syntax tree of a WGSL module, as far as compute shaders need it. Every node names its line, from 1. */

export type Expression =
  | { readonly kind: 'number'; readonly text: string; readonly line: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly line: number }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression; readonly line: number }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly line: number;
    }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string; readonly line: number }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression; readonly line: number }
  | {
      readonly kind: 'call';
      readonly callee: TypeExpression;
      readonly operands: readonly Expression[];
      readonly line: number;
    };

export type UnaryOperator = '-' | '!' | '~' | '*' | '&';

export const comparisons = ['==', '!=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof comparisons)[number];
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
/** Operators whose operands are both evaluated. */
export type Operator = ArithmeticOperator | Comparison;
export type BinaryOperator = '&&' | '||' | Comparison | ArithmeticOperator;

/** A type, or what is called: a name with its template list. */
export interface TypeExpression {
  readonly name: string;
  readonly templates: readonly (TypeExpression | Expression)[];
  readonly line: number;
}

export interface Declaration {
  readonly kind: 'const' | 'let' | 'var' | 'override';
  readonly name: string;
  readonly type: TypeExpression | undefined;
  readonly value: Expression | undefined;
  readonly line: number;
}

export type Statement =
  | Declaration
  | {
      readonly kind: 'assign';
      /** Undefined = plain assignment. */
      readonly operator: ArithmeticOperator | undefined;
      /** Undefined = `_`. */
      readonly target: Expression | undefined;
      readonly value: Expression;
      readonly line: number;
    }
  | { readonly kind: 'call'; readonly call: Expression; readonly line: number }
  | { readonly kind: 'block'; readonly body: readonly Statement[]; readonly line: number }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly onTrue: readonly Statement[];
      readonly onFalse: readonly Statement[] | undefined;
      readonly line: number;
    }
  | {
      /** `for`, `while`, and `loop` with `continuing`. */
      readonly kind: 'loop';
      readonly start: Statement | undefined;
      readonly condition: Expression | undefined;
      readonly step: readonly Statement[];
      readonly body: readonly Statement[];
      readonly line: number;
    }
  | { readonly kind: 'switch'; readonly on: Expression; readonly cases: readonly SwitchCase[]; readonly line: number }
  | { readonly kind: 'return'; readonly value: Expression | undefined; readonly line: number }
  | { readonly kind: 'break'; readonly line: number }
  | { readonly kind: 'continue'; readonly line: number };

export interface SwitchCase {
  readonly selectors: readonly Expression[];
  readonly isDefault: boolean;
  readonly body: readonly Statement[];
}

/** By name; the arguments of each. */
export type Attributes = ReadonlyMap<string, readonly Expression[]>;

export interface Parameter {
  readonly name: string;
  readonly type: TypeExpression;
  readonly attributes: Attributes;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: TypeExpression | undefined;
  readonly body: readonly Statement[];
  readonly attributes: Attributes;
  readonly line: number;
}

export interface StructDeclaration {
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly type: TypeExpression }[];
  readonly line: number;
}

/** A constant or variable of the module; `space` as written, for example `storage, read_write`. */
export interface GlobalDeclaration extends Declaration {
  readonly space: readonly string[];
  readonly attributes: Attributes;
}

export interface Module {
  readonly structs: ReadonlyMap<string, StructDeclaration>;
  readonly aliases: ReadonlyMap<string, TypeExpression>;
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly globals: readonly GlobalDeclaration[];
}
