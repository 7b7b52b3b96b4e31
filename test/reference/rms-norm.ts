/** RMSNorm in float64, plain loops. Never optimised. */
type Values = ArrayLike<number>;

/** x [R, W], gamma [W] */
export function rmsNormForward(x: Values, gamma: Values, R: number, W: number, epsilon: number) {
  const out = new Float64Array(R * W);
  const rstd = new Float64Array(R);
  for (let r = 0; r < R; r++) {
    let squares = 0;
    for (let c = 0; c < W; c++) squares += x[r * W + c]! ** 2;
    rstd[r] = 1 / Math.sqrt(squares / W + epsilon);
    for (let c = 0; c < W; c++) out[r * W + c] = x[r * W + c]! * rstd[r]! * gamma[c]!;
  }
  return { out, rstd };
}

export function rmsNormBackward(x: Values, gamma: Values, dOut: Values, R: number, W: number, epsilon: number) {
  const { rstd } = rmsNormForward(x, gamma, R, W, epsilon);
  const dX = new Float64Array(R * W);
  const dGamma = new Float64Array(W);
  for (let r = 0; r < R; r++) {
    let along = 0;
    for (let c = 0; c < W; c++) {
      const normalised = x[r * W + c]! * rstd[r]!;
      along += dOut[r * W + c]! * gamma[c]! * normalised;
      dGamma[c]! += dOut[r * W + c]! * normalised;
    }
    for (let c = 0; c < W; c++) {
      const normalised = x[r * W + c]! * rstd[r]!;
      dX[r * W + c] = rstd[r]! * (dOut[r * W + c]! * gamma[c]! - (normalised * along) / W);
    }
  }
  return { dX, dGamma };
}
