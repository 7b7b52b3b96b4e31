/** LayerNorm and L2 normalisation in float64, plain loops: what the kernels are measured against. Never optimised. */
interface LayerNormResult {
  out: Float64Array;
  mean: Float64Array;
  rstd: Float64Array;
}

type Values = ArrayLike<number>;

/** x [T, C], gamma and beta [C]. */
export function layerNormForward(x: Values, gamma: Values, beta: Values, T: number, C: number, epsilon: number) {
  const result: LayerNormResult = {
    out: new Float64Array(T * C),
    mean: new Float64Array(T),
    rstd: new Float64Array(T),
  };
  for (let t = 0; t < T; t++) {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += x[t * C + c]!;
    const mean = sum / C;
    let squares = 0;
    for (let c = 0; c < C; c++) squares += (x[t * C + c]! - mean) ** 2;
    const rstd = 1 / Math.sqrt(squares / C + epsilon);
    result.mean[t] = mean;
    result.rstd[t] = rstd;
    for (let c = 0; c < C; c++) result.out[t * C + c] = (x[t * C + c]! - mean) * rstd * gamma[c]! + beta[c]!;
  }
  return result;
}

export function layerNormBackward(x: Values, gamma: Values, dOut: Values, T: number, C: number, epsilon: number) {
  const { mean, rstd } = layerNormForward(x, gamma, new Float64Array(C), T, C, epsilon);
  const dX = new Float64Array(T * C);
  const dGamma = new Float64Array(C);
  const dBeta = new Float64Array(C);
  for (let t = 0; t < T; t++) {
    let sumG = 0;
    let sumGn = 0;
    for (let c = 0; c < C; c++) {
      const normalised = (x[t * C + c]! - mean[t]!) * rstd[t]!;
      const g = dOut[t * C + c]! * gamma[c]!;
      sumG += g;
      sumGn += g * normalised;
      dGamma[c]! += dOut[t * C + c]! * normalised;
      dBeta[c]! += dOut[t * C + c]!;
    }
    for (let c = 0; c < C; c++) {
      const normalised = (x[t * C + c]! - mean[t]!) * rstd[t]!;
      const g = dOut[t * C + c]! * gamma[c]!;
      dX[t * C + c] = rstd[t]! * (g - sumG / C - (normalised * sumGn) / C);
    }
  }
  return { dX, dGamma, dBeta };
}

/** x [B, C]; rows of length one, with the divisor held at 1e-12 or above. */
export function l2NormalizeForward(x: Values, B: number, C: number) {
  const out = new Float64Array(B * C);
  const norm = new Float64Array(B);
  for (let b = 0; b < B; b++) {
    let squares = 0;
    for (let c = 0; c < C; c++) squares += x[b * C + c]! ** 2;
    norm[b] = Math.sqrt(squares);
    for (let c = 0; c < C; c++) out[b * C + c] = x[b * C + c]! / Math.max(norm[b]!, 1e-12);
  }
  return { out, norm };
}

export function l2NormalizeBackward(x: Values, dOut: Values, B: number, C: number): Float64Array {
  const { out, norm } = l2NormalizeForward(x, B, C);
  const dX = new Float64Array(B * C);
  for (let b = 0; b < B; b++) {
    const clamped = norm[b]! < 1e-12;
    let along = 0;
    for (let c = 0; c < C; c++) along += out[b * C + c]! * dOut[b * C + c]!;
    for (let c = 0; c < C; c++) {
      const i = b * C + c;
      dX[i] = clamped ? dOut[i]! / 1e-12 : (dOut[i]! - out[i]! * along) / norm[b]!;
    }
  }
  return dX;
}
