/** Exact search in float64: sorts everything. */

export interface Hit {
  row: number;
  score: number;
}

/** The k largest scores, ties by the smaller row. NaN never ranks. */
export const topK = (scores: ArrayLike<number>, k: number): Hit[] =>
  Array.from(scores, (score, row) => ({ row, score }))
    .filter(({ score }) => !Number.isNaN(score))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, k);

/** Dot products of one query [C] with every row of `vectors` [N, C]. */
export function dotProducts(query: ArrayLike<number>, vectors: ArrayLike<number>): Float64Array {
  const width = query.length;
  return Float64Array.from({ length: vectors.length / width }, (_, row) => {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += query[c] * vectors[row * width + c];
    return sum;
  });
}
