/**
 * The losses in float64, written for clarity and never optimised: the oracle of the kernels. Matrices are row-major.
 * Gradients of the pair losses are with respect to the cosines, of InfoNCE with respect to the unit rows.
 */

export interface PairLoss {
  value: number;
  dSimilarity: Float64Array;
}

/** Rows of `x` [rows, width] divided by their L2 norm, and those norms. */
export function normalise(x: ArrayLike<number>, width: number): { unit: Float64Array; norm: Float64Array } {
  const unit = Float64Array.from(x);
  const norm = new Float64Array(x.length / width);
  for (let row = 0; row < norm.length; row++) {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += x[row * width + c] ** 2;
    norm[row] = Math.max(Math.sqrt(sum), 1e-12);
    for (let c = 0; c < width; c++) unit[row * width + c] /= norm[row];
  }
  return { unit, norm };
}

/** Gradient with respect to the rows before {@link normalise}, given the one with respect to the unit rows. */
export function normaliseBackward(unit: Float64Array, norm: Float64Array, dUnit: Float64Array): Float64Array {
  const width = unit.length / norm.length;
  const dX = new Float64Array(unit.length);
  for (let row = 0; row < norm.length; row++) {
    const start = row * width;
    const along = dot(unit, dUnit, start, start, width);
    for (let c = 0; c < width; c++) dX[start + c] = (dUnit[start + c] - along * unit[start + c]) / norm[row];
  }
  return dX;
}

/** Dot product of the row of `a` that begins at `i` and the row of `b` that begins at `j`. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>, i: number, j: number, width: number): number {
  let sum = 0;
  for (let c = 0; c < width; c++) sum += a[i + c] * b[j + c];
  return sum;
}

export function logSumExp(values: readonly number[]): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) max = Math.max(max, value);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - max);
  return max + Math.log(sum);
}

/** Cosine of row i of `queries` and row i of `partners`, all unit rows [B, width]. */
export const cosines = (queries: Float64Array, partners: Float64Array, width: number): Float64Array =>
  Float64Array.from({ length: queries.length / width }, (_, i) => dot(queries, partners, i * width, i * width, width));

/** Gradients of the unit rows from those of the cosines. */
export function cosinesBackward(
  queries: Float64Array,
  partners: Float64Array,
  dSimilarity: Float64Array,
): { dQueries: Float64Array; dPartners: Float64Array } {
  const width = queries.length / dSimilarity.length;
  return {
    dQueries: partners.map((value, index) => value * dSimilarity[Math.floor(index / width)]),
    dPartners: queries.map((value, index) => value * dSimilarity[Math.floor(index / width)]),
  };
}

/** 1 - correlation with population moments; 0 where the grades or the similarities do not vary. */
export function pearson(similarity: ArrayLike<number>, grades: ArrayLike<number>): PairLoss {
  const n = similarity.length;
  const s = centred(similarity);
  const y = centred(grades);
  const dSimilarity = new Float64Array(n);
  const constant = (values: ArrayLike<number>) => Array.from(values).every((value) => value === values[0]);
  if (constant(similarity) || constant(Float32Array.from(grades))) return { value: 0, dSimilarity };
  const sLength = Math.sqrt(dot(s, s, 0, 0, n));
  const yLength = Math.sqrt(dot(y, y, 0, 0, n));
  const correlation = dot(s, y, 0, 0, n) / (sLength * yLength);
  for (let i = 0; i < n; i++) dSimilarity[i] = -(y[i] / yLength - (correlation * s[i]) / sLength) / sLength;
  return { value: 1 - correlation, dSimilarity };
}

function centred(values: ArrayLike<number>): Float64Array {
  const all = Float64Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return all.map((value) => value - mean);
}

/** KL(t || softmax(s / tau)) / n, t = softmax of the normalised descending ranks / tau; ties share their mean rank. */
export function rankKl(similarity: ArrayLike<number>, grades: ArrayLike<number>, temperature = 0.05): PairLoss {
  const n = similarity.length;
  const dSimilarity = new Float64Array(n);
  if (n === 1) return { value: 0, dSimilarity };
  const y = Float32Array.from(grades);
  const relevance = Array.from(y, (grade) => {
    const above = y.filter((other) => other > grade).length;
    const equal = y.filter((other) => other === grade).length;
    return (n - 1 - (above + (equal - 1) / 2)) / (n - 1) / temperature;
  });
  const z = Array.from(similarity, (value) => value / temperature);
  const logT = relevance.map((value) => value - logSumExp(relevance));
  const logU = z.map((value) => value - logSumExp(z));
  let value = 0;
  for (let i = 0; i < n; i++) {
    value += (Math.exp(logT[i]) * (logT[i] - logU[i])) / n;
    dSimilarity[i] = (Math.exp(logU[i]) - Math.exp(logT[i])) / (n * temperature);
  }
  return { value, dSimilarity };
}

/** Preference ranking: each pair against all pairs of a lower grade, logits weighted by the gap of grades. */
export function pro(similarity: ArrayLike<number>, grades: ArrayLike<number>, temperature = 0.05): PairLoss {
  const n = similarity.length;
  const z = Array.from(similarity, (value) => value / temperature);
  const dSimilarity = new Float64Array(n);
  const lower = z.map((_, i) => z.map((__, j) => j).filter((j) => grades[i] - grades[j] > 1e-8));
  const kept = lower.filter((members) => members.length > 0).length;
  let value = 0;
  lower.forEach((members, i) => {
    if (members.length === 0) return;
    const gaps = members.map((j) => grades[i] - grades[j]);
    const logits = [z[i] * Math.max(...gaps), ...members.map((j, at) => z[j] * gaps[at])];
    const total = logSumExp(logits);
    value += (total - logits[0]) / kept;
    const scale = 1 / (kept * temperature);
    dSimilarity[i] += (Math.exp(logits[0] - total) - 1) * Math.max(...gaps) * scale;
    members.forEach((j, at) => {
      dSimilarity[j] += Math.exp(logits[at + 1] - total) * gaps[at] * scale;
    });
  });
  return { value, dSimilarity };
}

/** Mean of (cosine - grade)^2. */
export function cosineMse(similarity: ArrayLike<number>, grades: ArrayLike<number>): PairLoss {
  const n = similarity.length;
  const differences = Float64Array.from(similarity, (cosine, i) => cosine - grades[i]);
  return {
    value: differences.reduce((sum, difference) => sum + difference ** 2, 0) / n,
    dSimilarity: differences.map((difference) => (2 * difference) / n),
  };
}

/** log(1 + sum of exp(scale (s_i - s_j)) over all y_i < y_j), grades as f32. */
export function cosent(similarity: ArrayLike<number>, grades: ArrayLike<number>, scale = 20): PairLoss {
  const y = Float32Array.from(grades);
  const pairs = Array.from(y.keys())
    .flatMap((i) => Array.from(y.keys(), (j) => [i, j]))
    .filter(([i, j]) => y[i] < y[j]);
  const logits = pairs.map(([i, j]) => scale * (similarity[i] - similarity[j]));
  const value = logSumExp([0, ...logits]);
  const dSimilarity = new Float64Array(y.length);
  pairs.forEach(([i, j], at) => {
    const share = scale * Math.exp(logits[at] - value);
    dSimilarity[i] += share;
    dSimilarity[j] -= share;
  });
  // A sum so small that 1 + it rounds keeps its digits in log1p.
  return {
    value: value < 0.1 ? Math.log1p(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) : value,
    dSimilarity,
  };
}

/** CoSENT of |q . p + sum of (b c - a d)|, q = [a; b], p = [c; d]: q . turned p with turned p = [c - d; c + d]. */
export function angle(
  queries: Float64Array,
  partners: Float64Array,
  width: number,
  grades: ArrayLike<number>,
  scale = 20,
): { value: number; dQueries: Float64Array; dPartners: Float64Array } {
  const half = width / 2;
  const turn = (rows: Float64Array, sign: number) =>
    rows.map((value, at) => (at % width < half ? value - sign * rows[at + half] : value + sign * rows[at - half]));
  const turned = turn(partners, 1);
  const signed = cosines(queries, turned, width);
  const { value, dSimilarity } = cosent(signed.map(Math.abs), grades, scale);
  const slopes = dSimilarity.map((slope, i) => slope * Math.sign(signed[i]));
  const { dQueries, dPartners } = cosinesBackward(queries, turned, slopes);
  return { value, dQueries, dPartners: turn(dPartners, -1) };
}

export interface InfonceInput {
  /** Unit rows: queries [B, width], positives [B*P, width] query-major, negatives [B*N, width]. */
  queries: Float64Array;
  positives: Float64Array;
  negatives: Float64Array;
  width: number;
  P: number;
  N: number;
  temperature: number;
  /** One drawn slot per query instead of all slots. */
  slots?: ArrayLike<number>;
  /** [B*N], 0 = the column does not count. */
  negativeMask?: ArrayLike<number>;
  /** Weight of each row instead of 1/B. */
  rowWeights?: ArrayLike<number>;
  margin?: number;
  /** Text ids: per query the known ones, per positive and per negative its own. */
  known?: { ofQuery: number[][]; positives: number[]; negatives: number[] };
  /** A teacher's unit rows; candidates that it finds nearer to the query than the target do not count. */
  guide?: { queries: Float64Array; positives: Float64Array; negatives: Float64Array; width: number };
}

export interface InfonceOutput {
  value: number;
  dQueries: Float64Array;
  dPositives: Float64Array;
  dNegatives: Float64Array;
}

/** InfoNCE over every slot's candidates: each query's positive of that slot and all negatives. */
export function infonce(input: InfonceInput): InfonceOutput {
  const { queries, positives, negatives, width, P, temperature } = input;
  const B = queries.length / width;
  const output: InfonceOutput = {
    value: 0,
    dQueries: new Float64Array(queries.length),
    dPositives: new Float64Array(positives.length),
    dNegatives: new Float64Array(negatives.length),
  };
  const slotSets = input.slots
    ? [Array.from(input.slots)]
    : Array.from({ length: P }, (_, k) => Array.from({ length: B }, () => k));
  for (const slots of slotSets) {
    for (let i = 0; i < B; i++) {
      const target = i * P + slots[i];
      const limit =
        dot(queries, positives, i * width, target * width, width) + (input.margin ?? Number.POSITIVE_INFINITY);
      const own = slots.map((slot, j) => ({
        from: positives,
        into: output.dPositives,
        row: j * P + slot,
        isTarget: j === i,
      }));
      const other = Array.from({ length: negatives.length / width }, (_, row) => ({
        from: negatives,
        into: output.dNegatives,
        row,
        isTarget: false,
      }));
      const allowed = [...own, ...other].filter(({ from, row, isTarget }) => {
        if (isTarget) return true;
        if (from === negatives && input.negativeMask?.[row] === 0) return false;
        const id = from === positives ? input.known?.positives[row] : input.known?.negatives[row];
        if (id !== undefined && input.known?.ofQuery[i].includes(id)) return false;
        if (
          input.guide &&
          guideCosine(input.guide, i, from === positives, row) > guideCosine(input.guide, i, true, target)
        )
          return false;
        return dot(queries, from, i * width, row * width, width) <= limit;
      });
      const logits = allowed.map(({ from, row }) => dot(queries, from, i * width, row * width, width) / temperature);
      const total = logSumExp(logits);
      const weight = (input.rowWeights ? input.rowWeights[i] : 1 / B) / slotSets.length;
      allowed.forEach(({ from, into, row, isTarget }, at) => {
        if (isTarget) output.value += weight * (total - logits[at]);
        const gradient = (weight * (Math.exp(logits[at] - total) - (isTarget ? 1 : 0))) / temperature;
        for (let c = 0; c < width; c++) {
          output.dQueries[i * width + c] += gradient * from[row * width + c];
          into[row * width + c] += gradient * queries[i * width + c];
        }
      });
    }
  }
  return output;
}

const guideCosine = (guide: NonNullable<InfonceInput['guide']>, query: number, ofPositive: boolean, row: number) =>
  dot(
    guide.queries,
    ofPositive ? guide.positives : guide.negatives,
    query * guide.width,
    row * guide.width,
    guide.width,
  );

/** Query to partner, all partners as columns, mean over the rows whose grade reaches the threshold. */
export function innerInfonce(
  queries: Float64Array,
  partners: Float64Array,
  width: number,
  grades: ArrayLike<number>,
  temperature = 0.02,
  threshold = 1,
): InfonceOutput {
  const counts = Array.from(grades, (grade) => Math.fround(grade) >= Math.fround(threshold));
  const kept = counts.filter(Boolean).length;
  const rowWeights = counts.map((counted) => (counted ? 1 / kept : 0));
  const none = new Float64Array(0);
  return infonce({ queries, positives: partners, negatives: none, width, P: 1, N: 0, temperature, rowWeights });
}
