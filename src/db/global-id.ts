/** The ids that the API gives, which messages name too: nobody is ever given a bare key of a row. */
import type { nouns } from './schema.ts';

export type NodeType = (typeof nouns)[keyof typeof nouns]['type'];

/** base64url of `Type:key`. */
export const globalId = (type: NodeType, key: string): string => Buffer.from(`${type}:${key}`).toString('base64url');
