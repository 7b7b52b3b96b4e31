/** What a positive's grade means to retrieval metrics. */

/**
 * Relevance by document: the grade where it is 1 or more; a positive without a grade, or with one between 0 and 1 (a
 * teacher's score), counts 1; a positive graded 0 is not relevant.
 */
export function relevanceOf(grade: number): number {
  if (grade === 0) return 0;
  return Math.max(1, grade);
}
