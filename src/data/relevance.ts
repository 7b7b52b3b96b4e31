/** What a positive's grade means to retrieval metrics. */
import type { StoredRecord } from './types.ts';

/**
 * Relevance by document: the grade where it is 1 or more; a positive without a grade, or with one between 0 and 1 (a
 * teacher's score), counts 1; a positive graded 0 is not relevant.
 */
export function relevanceOf(grade: number): number {
  if (grade === 0) return 0;
  return Math.max(1, grade);
}

/**
 * Relevance of the record's relevant documents by their position in the corpus, of which `size` documents have one.
 * Those that the corpus lacks get the positions behind it, which no ranking holds.
 */
export function relevanceByPosition(
  { positiveDocuments, positiveScores, absentScores = [] }: StoredRecord,
  positions: ReadonlyMap<string, number>,
  size: number,
): Map<number, number> {
  const found = positiveDocuments.map((id, i) => [positions.get(id), relevanceOf(positiveScores[i] ?? -1)] as const);
  const absent = absentScores.map((grade, i) => [size + i, relevanceOf(grade)] as const);
  const graded = [...found, ...absent].flatMap(([position, relevance]) =>
    position !== undefined && relevance > 0 ? [[position, relevance] as const] : [],
  );
  return new Map(graded);
}
