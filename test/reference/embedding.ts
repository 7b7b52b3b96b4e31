/** Embedding lookup and its tables' gradients in float64, plain loops. Never optimised. */
type Values = ArrayLike<number>;

export interface Lookup {
  ids: Values;
  positions: Values;
  typeIds: Values;
}

export function embeddingForward(lookup: Lookup, word: Values, position: Values, type: Values, C: number) {
  const T = lookup.ids.length;
  const out = new Float64Array(T * C);
  for (let t = 0; t < T; t++) {
    for (let c = 0; c < C; c++) {
      out[t * C + c] =
        word[lookup.ids[t]! * C + c]! + position[lookup.positions[t]! * C + c]! + type[lookup.typeIds[t]! * C + c]!;
    }
  }
  return out;
}

/** Gradient of one table of `rows` rows, looked up with `ids`. */
export function embeddingBackward(dOut: Values, ids: Values, rows: number, C: number): Float64Array {
  const dTable = new Float64Array(rows * C);
  for (let t = 0; t < ids.length; t++) {
    for (let c = 0; c < C; c++) dTable[ids[t]! * C + c]! += dOut[t * C + c]!;
  }
  return dTable;
}
