/** Windows and pages of lists. */

/** A window of a list: rows `offset` to `offset + limit - 1`. */
export interface Window {
  readonly offset: number;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly totalCount: number;
}
