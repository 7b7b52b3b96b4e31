/** Losses that need a teacher in float64, as losses.ts. InfonceInput's `guide` is guided InfoNCE. */
import { dot } from './losses.ts';

export interface Texts {
  /** Unit rows [M, width]. */
  readonly rows: Float64Array;
  readonly width: number;
}

/** Mean over i != j of (cosine - teacher cosine)^2, and its gradient with respect to the rows of the texts. */
export function teacherMatching(texts: Texts, teacher: Texts): { value: number; gradient: Float64Array } {
  const { rows, width } = texts;
  const M = rows.length / width;
  const cosine = (of: Texts, i: number, j: number) => dot(of.rows, of.rows, i * of.width, j * of.width, of.width);
  const gradient = new Float64Array(rows.length);
  let value = 0;
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < M; j++) {
      if (i === j) continue;
      const difference = cosine(texts, i, j) - cosine(teacher, i, j);
      value += difference ** 2 / (M * (M - 1));
      // The pair counts in both orders; here each of its texts is moved once.
      for (let c = 0; c < width; c++) {
        const slope = (2 * difference) / (M * (M - 1));
        gradient[i * width + c]! += slope * rows[j * width + c]!;
        gradient[j * width + c]! += slope * rows[i * width + c]!;
      }
    }
  }
  return { value, gradient };
}
