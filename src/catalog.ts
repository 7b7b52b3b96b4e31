/**
 * The shape of a catalog: a list of named choices as plain data, which both the API side and the compute side read.
 * GraphQL enums, input validation, docs and forms derive from it; the code behind a name is in the catalog's sibling
 * files.
 */
export interface CatalogEntry {
  /** Stable identifier, lower-case kebab; GraphQL derives the enum value from it (`delta-guided` -> DELTA_GUIDED). */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Paper, equation or project the definition comes from. */
  readonly source: string;
  readonly parameters: readonly CatalogParameter[];
}

export type CatalogParameter = {
  readonly name: string;
  readonly description: string;
} & (
  | { readonly type: 'float' | 'int'; readonly default: number; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean'; readonly default: boolean }
  | { readonly type: 'choice'; readonly default: string; readonly choices: readonly string[] }
);

/** `delta-guided` -> `DELTA_GUIDED`. */
export const enumValueOf = (name: string): string => name.replaceAll('-', '_').toUpperCase();
