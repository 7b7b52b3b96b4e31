/**
 * Global ids: base64url of `Type:key`. A malformed id, an id of another type or a key that is not a UUID is rejected
 * here, before it reaches the database.
 */
import { globalId, type NodeType, parseGlobalId } from '../db/global-id.ts';
import { badInput } from '../errors.ts';

const expected = 'a global id that a query or mutation returned';

export const encodeId = (typename: string, key: string | number | bigint): string =>
  globalId(typename as NodeType, String(key));

/** Decodes a global id; throws BAD_USER_INPUT when it is malformed or names no node type. */
export function decodeId(id: string, _context?: unknown, field = 'id'): { typename: NodeType; id: string } {
  const parsed = parseGlobalId(id);
  if (parsed === null) {
    throw badInput(`"${id.slice(0, 100)}" is not a global id`, {
      field,
      expected,
      remedy: 'Copy the id from a response of this API.',
    });
  }
  return { typename: parsed.type, id: parsed.key };
}

/** The key of an id; throws BAD_USER_INPUT when the id is not of one of the given types. */
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
