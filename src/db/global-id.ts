/** The ids that the API gives, which messages name too: nobody is ever given a bare key of a row. */
import { nouns } from './schema.ts';

export type NodeType = (typeof nouns)[keyof typeof nouns]['type'];

/** base64url of `Type:key`. */
export const globalId = (type: NodeType, key: string): string => Buffer.from(`${type}:${key}`).toString('base64url');

const types: readonly NodeType[] = Object.values(nouns).map(({ type }) => type);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The parts of a global id; null where it is malformed, names no node type, or has a key that is no UUID. A row has one
 * id: of the texts that are decoded to the same, only that which the API gives, by which the audit log is searched.
 */
export function parseGlobalId(id: string): { readonly type: NodeType; readonly key: string } | null {
  const text = Buffer.from(id, 'base64url').toString('utf8');
  const colon = text.indexOf(':');
  const type = types.find((known) => known === text.slice(0, colon));
  const key = text.slice(colon + 1);
  return type !== undefined && uuid.test(key) && globalId(type, key) === id ? { type, key } : null;
}
