/** Losses for comparison and company on candidates in float64, as losses.ts. */
import { dot, type InfonceInput, type InfonceOutput, infonce } from './losses.ts';

/**
 * Half InfoNCE, half the mean over the slots of the cross entropy of each positive against all queries, without those
 * to which it is known to be relevant.
 */
export function symmetricInfonce(input: InfonceInput): InfonceOutput {
  const { queries, width, P, temperature } = input;
  const B = queries.length / width;
  const forth = infonce(input);
  const output = {
    value: forth.value / 2,
    dQueries: forth.dQueries.map((slope) => slope / 2),
    dPositives: forth.dPositives.map((slope) => slope / 2),
    dNegatives: forth.dNegatives.map((slope) => slope / 2),
  };
  const slotSets = input.slots
    ? [Array.from(input.slots)]
    : Array.from({ length: P }, (_, k) => Array.from({ length: B }, () => k));
  for (const slots of slotSets) {
    const rows = slots.map((slot, query) => query * P + slot);
    const own = Float64Array.from(
      rows.flatMap((row) => Array.from(input.positives.subarray(row * width, (row + 1) * width))),
    );
    const none = new Float64Array(0);
    const known = input.known && {
      ofQuery: rows.map((row) =>
        input.known!.ofQuery.flatMap((texts, query) => (texts.includes(input.known!.positives[row]!) ? [query] : [])),
      ),
      positives: rows.map((_, query) => query),
      negatives: [],
    };
    const options = { ...(known && { known }), ...(input.margin !== undefined && { margin: input.margin }) };
    const sizes = { width, P: 1, N: 0, temperature };
    const back = infonce({ queries: own, positives: queries, negatives: none, ...sizes, ...options });
    const share = 1 / (2 * slotSets.length);
    output.value += share * back.value;
    back.dPositives.forEach((slope, at) => {
      output.dQueries[at]! += share * slope;
    });
    back.dQueries.forEach((slope, at) => {
      output.dPositives[rows[Math.floor(at / width)]! * width + (at % width)]! += share * slope;
    });
  }
  return output;
}

/** KL of the softmax of a query's cosines from that of its teacher's scores (NaN = left out), the mean over queries. */
export function scoreDistillation(
  input: Omit<InfonceInput, 'temperature'> & { readonly scores: Readonly<Record<Side, ArrayLike<number>>> },
  { temperature = 0.05, teacherTemperature = 1 } = {},
): InfonceOutput {
  const { queries, positives, negatives, scores, width, P, N } = input;
  const B = queries.length / width;
  const output = {
    value: 0,
    dQueries: new Float64Array(queries.length),
    dPositives: new Float64Array(positives.length),
    dNegatives: new Float64Array(negatives.length),
  };
  const sides = [
    { rows: positives, d: output.dPositives, per: P, given: scores.positives },
    { rows: negatives, d: output.dNegatives, per: N, given: scores.negatives },
  ];
  for (let query = 0; query < B; query++) {
    const own = sides
      .flatMap((side) => Array.from({ length: side.per }, (_, slot) => ({ ...side, row: query * side.per + slot })))
      .filter(({ given, row }) => !Number.isNaN(given[row]));
    if (own.length < 2) continue;
    const found = softmax(
      own.map(({ rows, row }) => dot(queries, rows, query * width, row * width, width) / temperature),
    );
    const wanted = softmax(own.map(({ given, row }) => given[row]! / teacherTemperature));
    own.forEach(({ rows, d, row }, at) => {
      if (wanted[at]! > 0) output.value += (wanted[at]! * Math.log(wanted[at]! / found[at]!)) / B;
      const slope = (found[at]! - wanted[at]!) / (temperature * B);
      for (let c = 0; c < width; c++) {
        output.dQueries[query * width + c]! += slope * rows[row * width + c]!;
        d[row * width + c]! += slope * queries[query * width + c]!;
      }
    });
  }
  return output;
}

type Side = 'positives' | 'negatives';

function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const masses = logits.map((logit) => Math.exp(logit - top));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

/** Mean squared cosine of different rows, of queries and of first positives, added; 0 for one row. */
export function spreadOut(input: Omit<InfonceInput, 'temperature'>): InfonceOutput {
  const { queries, positives, width, P } = input;
  const B = queries.length / width;
  const output = {
    value: 0,
    dQueries: new Float64Array(queries.length),
    dPositives: new Float64Array(positives.length),
    dNegatives: new Float64Array(input.negatives.length),
  };
  const sides = [
    { rows: queries, d: output.dQueries, step: width },
    { rows: positives, d: output.dPositives, step: P * width },
  ];
  const share = 1 / (B * (B - 1));
  for (const { rows, d, step } of sides) {
    for (let i = 0; i < B; i++) {
      for (let j = 0; j < B; j++) {
        if (i === j) continue;
        const cosine = dot(rows, rows, i * step, j * step, width);
        output.value += share * cosine ** 2;
        for (let c = 0; c < width; c++) d[i * step + c]! += 4 * share * cosine * rows[j * step + c]!;
      }
    }
  }
  return output;
}
