/** What one request may ask for. */
export interface Limits {
  readonly bodyBytes: number;
  readonly textCodePoints: number;
  readonly listItems: number;
  readonly queryDepth: number;
  readonly queryTokens: number;
  readonly queryAliases: number;
  /** Objects that an operation may ask for, estimated from the sizes of its pages. */
  readonly queryNodes: number;
  readonly pageSize: number;
  /** How long embed, similarity and search may take, in milliseconds. */
  readonly requestMs: number;
  /** How many of these may be under way at once; more would only wait. */
  readonly waitingRequests: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 64 * 1024 * 1024,
  textCodePoints: 1_000_000,
  listItems: 10_000,
  queryDepth: 16,
  queryTokens: 4_000,
  queryAliases: 200,
  queryNodes: 100_000,
  pageSize: 1_000,
  requestMs: 10 * 60_000,
  waitingRequests: 256,
};
