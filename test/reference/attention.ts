/** Multi-head attention over packed texts in float64: whole score matrices, plain loops. Never optimised. */
type Values = ArrayLike<number>;

export interface AttentionShape {
  /** [B+1] where each text begins. */
  cumulative: Values;
  heads: number;
  /** Heads of keys and values, shared by consecutive query heads; `heads` by default. */
  keyValueHeads?: number;
  /** Whether a query position sees a key position of its text; all by default. */
  sees?: (query: number, key: number) => boolean;
  /** D */
  size: number;
  scale: number;
  /** Factor on the weight of (text, head, query position, key position): 0 or 1 / (1 - rate). */
  factor?: (text: number, head: number, query: number, key: number) => number;
}

/** Calls `visit` for every text and head with the text's bounds. */
function eachHead({ cumulative, heads }: AttentionShape, visit: (text: number, head: number) => void): void {
  for (let text = 0; text + 1 < cumulative.length; text++) {
    for (let head = 0; head < heads; head++) visit(text, head);
  }
}

/** Softmax weights [n, n] of one text and head, without dropout, and the log of each row's sum. */
function weightsOf(q: Values, k: Values, shape: AttentionShape, text: number, head: number) {
  const { cumulative, heads, keyValueHeads = heads, size, scale, sees = () => true } = shape;
  const begin = cumulative[text]!;
  const n = cumulative[text + 1]! - begin;
  const at = (token: number, d: number) => ((begin + token) * heads + head) * size + d;
  const keyHead = Math.floor(head / (heads / keyValueHeads));
  const keyAt = (token: number, d: number) => ((begin + token) * keyValueHeads + keyHead) * size + d;
  const weights = new Float64Array(n * n);
  const logSumExp = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const scores = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      for (let d = 0; d < size; d++) scores[j]! += q[at(i, d)]! * k[keyAt(j, d)]!;
      scores[j] = sees(i, j) ? scores[j]! * scale : Number.NEGATIVE_INFINITY;
    }
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) top = Math.max(top, scores[j]!);
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.exp(scores[j]! - top);
    for (let j = 0; j < n; j++) weights[i * n + j] = Math.exp(scores[j]! - top) / sum;
    logSumExp[i] = top + Math.log(sum);
  }
  return { begin, n, at, keyAt, weights, logSumExp };
}

export function attentionForward(q: Values, k: Values, v: Values, shape: AttentionShape) {
  const tokens = shape.cumulative[shape.cumulative.length - 1]!;
  const out = new Float64Array(q.length);
  const logSumExp = new Float64Array(tokens * shape.heads);
  eachHead(shape, (text, head) => {
    const { begin, n, at, keyAt, weights, logSumExp: rows } = weightsOf(q, k, shape, text, head);
    for (let i = 0; i < n; i++) {
      logSumExp[(begin + i) * shape.heads + head] = rows[i]!;
      for (let j = 0; j < n; j++) {
        const weight = weights[i * n + j]! * (shape.factor?.(text, head, i, j) ?? 1);
        for (let d = 0; d < shape.size; d++) out[at(i, d)]! += weight * v[keyAt(j, d)]!;
      }
    }
  });
  return { out, logSumExp };
}

export function attentionBackward(q: Values, k: Values, v: Values, dOut: Values, shape: AttentionShape) {
  const dQ = new Float64Array(q.length);
  const dK = new Float64Array(k.length);
  const dV = new Float64Array(k.length);
  eachHead(shape, (text, head) => {
    const { n, at, keyAt, weights } = weightsOf(q, k, shape, text, head);
    for (let i = 0; i < n; i++) {
      const dWeights = new Float64Array(n);
      let delta = 0;
      for (let j = 0; j < n; j++) {
        const factor = shape.factor?.(text, head, i, j) ?? 1;
        const weight = weights[i * n + j]!;
        for (let d = 0; d < shape.size; d++) {
          dWeights[j]! += factor * dOut[at(i, d)]! * v[keyAt(j, d)]!;
          dV[keyAt(j, d)]! += factor * weight * dOut[at(i, d)]!;
        }
        delta += weight * dWeights[j]!;
      }
      for (let j = 0; j < n; j++) {
        const dScore = weights[i * n + j]! * (dWeights[j]! - delta) * shape.scale;
        for (let d = 0; d < shape.size; d++) {
          dQ[at(i, d)]! += dScore * k[keyAt(j, d)]!;
          dK[keyAt(j, d)]! += dScore * q[at(i, d)]!;
        }
      }
    }
  });
  return { dQ, dK, dV };
}
