/**
 * Global ids: base64url of `Type:key`. A malformed id, an id of another type or a key that cannot be one is refused here,
 * before it reaches the database.
 */
import { badInput } from '../errors.ts';

const nodeTypes = ['Dataset', 'Model', 'Run', 'Checkpoint', 'Evaluation', 'Collection', 'Document', 'Job'] as const;
export type NodeType = (typeof nodeTypes)[number];

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const canonical = /^[A-Za-z0-9_-]+$/;
const expected = 'a global id as a query or mutation answered it';

export const encodeId = (typename: string, key: string | number | bigint): string =>
  Buffer.from(`${typename}:${key}`).toString('base64url');

/** Takes an id apart; refuses what is no id. */
export function decodeId(id: string, _context?: unknown, field = 'id'): { typename: NodeType; id: string } {
  const text = canonical.test(id) ? Buffer.from(id, 'base64url').toString('utf8') : '';
  const colon = text.indexOf(':');
  const typename = nodeTypes.find((type) => type === text.slice(0, colon));
  const key = text.slice(colon + 1);
  if (typename === undefined || !uuid.test(key)) {
    throw badInput(`"${id.slice(0, 100)}" is not a global id`, {
      field,
      expected,
      remedy: 'Copy the id from an answer of this API.',
    });
  }
  return { typename, id: key };
}

/** The key of an id that must be of one of the given types. */
export function keyOf<T extends NodeType>(
  id: string,
  types: T | readonly T[],
  field: string,
): { type: T; key: string } {
  const { typename, id: key } = decodeId(id, undefined, field);
  const allowed: readonly string[] = typeof types === 'string' ? [types] : types;
  if (!allowed.includes(typename)) {
    throw badInput(`"${id}" is the id of a ${typename}`, {
      field,
      expected: `the id of a ${allowed.join(' or a ')}`,
      remedy: `Give the id of a ${allowed.join(' or a ')}.`,
    });
  }
  return { type: typename as T, key };
}
