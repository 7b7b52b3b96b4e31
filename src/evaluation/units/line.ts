/** The lines of a file of units. */

export const unitsFile = 'units.jsonl';
/** Version of the form of its lines. */
export const unitsVersion = 1;

/** The record's id and its number in the split, the figures in the header's order, and the hits, the best first. */
export type QueryLine = readonly [
  id: string,
  record: number,
  values: readonly number[],
  hits: readonly (readonly [id: string, document: number, score: number, grade: number])[],
];

export type PairLine = readonly [id: string, record: number, cosine: number, grade: number];

export type UnitLine = QueryLine | PairLine;
