/** Linear warm-up and decay (docs/method.md section 4; as transformers' linear schedule). */

/** W of a run of `steps` updates. */
export const warmupSteps = (steps: number, ratio: number): number => Math.ceil(ratio * steps);

/** Factor of the learning rate for update t, counted from 0, of `steps`; t / W, then (T - t) / (T - W). */
export function scheduleFactor(t: number, steps: number, warmupRatio: number): number {
  const warmup = warmupSteps(steps, warmupRatio);
  if (t < warmup) return t / warmup;
  return (steps - t) / (steps - warmup);
}
