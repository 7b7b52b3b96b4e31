/** Lists that are no tables, as a connection shows them: of a file, or in memory. A place is a number from 0. */
import { digestOf, readCursor, writeCursor } from './cursor.ts';
import type { Place, Source } from './types.ts';

interface Numbered<Row> {
  readonly length: number;
  /** Rows begin .. end - 1. */
  rows(begin: number, end: number): Promise<readonly Row[]>;
}

/** `of` is all that decides what stands where: a cursor of another list, order or filter is refused. */
export function numberedSource<Row>(
  of: readonly unknown[],
  given: Numbered<Row> | (() => Promise<Numbered<Row>>),
): Source<Row> {
  let opened: Promise<Numbered<Row>> | undefined;
  const list = () => (opened ??= typeof given === 'function' ? given() : Promise.resolve(given));
  const digest = digestOf(...of);
  return {
    async items({ limit, offset, backwards, after, before }) {
      const { length, rows } = await list();
      const first = after ? placeOf(after) + 1 : 0;
      const last = Math.min(before ? placeOf(before) : length, length);
      const begin = backwards ? Math.max(first, last - limit) : first + offset;
      const end = backwards ? last : Math.min(begin + limit, last);
      if (begin >= end) return [];
      return (await rows(begin, end)).map((node, i) => ({ node, place: [String(begin + i)] }));
    },
    count: async () => (await list()).length,
    cursor: (place) => writeCursor(digest, place),
    place: (cursor, field) => readCursor(cursor, digest, [{ kind: 'int', nullable: false }], field),
  };
}

/** Of items in memory. */
export const inMemory = <Row>(items: readonly Row[]): Numbered<Row> => ({
  length: items.length,
  rows: async (begin, end) => items.slice(begin, end),
});

const placeOf = ([place]: Place): number => Math.max(0, Number(place));
