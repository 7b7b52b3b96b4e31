/**
 * Cursors: base64url of JSON, with a digest of the list, its filter and its order, and a place. A cursor is checked
 * before it reaches the database, since anybody can write one.
 */
import { createHash } from 'node:crypto';
import { badInput } from '../../../errors.ts';
import type { Kind, Place } from './types.ts';
import { isTextOf } from './values.ts';

/** What a cursor belongs to; absent and null fields are the same. */
export function digestOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts, sorted)).digest('base64url').slice(0, 16);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const writeCursor = (digest: string, place: Place): string =>
  Buffer.from(JSON.stringify([digest, ...place])).toString('base64url');

/** The place; `kinds` are those of its values. */
export function readCursor(
  cursor: string,
  digest: string,
  kinds: readonly { readonly kind: Kind; readonly nullable: boolean }[],
  field: string,
): Place {
  const [found, ...place] = parse(cursor) ?? [];
  const isPlace =
    place.length === kinds.length &&
    place.every((value, i) => {
      const { kind, nullable } = kinds[i]!;
      return value === null ? nullable : typeof value === 'string' && isTextOf(kind, value);
    });
  if (typeof found !== 'string') throw refused('is no cursor', cursor, field);
  if (found !== digest) throw refused('is a cursor of another list, order or filter', cursor, field);
  if (!isPlace) throw refused('is no cursor', cursor, field);
  return place as Place;
}

function parse(cursor: string): unknown[] | null {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

const refused = (problem: string, cursor: string, field: string) =>
  badInput(`${field} ${problem}: "${cursor.slice(0, 100)}"`, {
    field,
    expected: 'a cursor that this list returned for the same filter and orderBy',
    remedy: 'Begin again without it, and leave filter and orderBy as they are from page to page.',
  });
