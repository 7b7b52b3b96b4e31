/** What an export of runs is made of. Plain types. */

/** A value of a table: a leaf, or a list or an object, which CSV has as JSON text. */
export type ExportValue = string | number | boolean | null | readonly unknown[] | { readonly [key: string]: unknown };

/** A row by columns; a column that it has not is empty. */
export type ExportRow = Readonly<Record<string, ExportValue>>;

export interface TablePage {
  readonly columns: readonly string[];
  readonly rows: readonly ExportRow[];
}
