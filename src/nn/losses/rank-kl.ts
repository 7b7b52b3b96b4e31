/** Rank KL: divergence of the softmax of cosines from the softmax of normalised ranks (CoDiEmb, arXiv 2508.11442). */
import type { Tensor } from '../../device/types.ts';
import { rankKl } from '../../kernels/loss.ts';
import { finishLoss, keepZeros, type LossContext } from './context.ts';
import type { PairInput } from './loss.ts';

/** 0 for a single pair. With equal grades the targets are uniform and the loss stays. */
export function rankKlLoss(
  context: LossContext,
  { similarity, grades, dSimilarity }: PairInput,
  { weight, temperature }: { weight: number; temperature: number },
): { value: Tensor } {
  if (grades.length === 1) return { value: keepZeros(context, 'rank-kl', [1]) };
  const logs = logRankTargets(grades, temperature);
  const targets = context.upload('rank targets', Float32Array.from(logs, Math.exp));
  const logTargets = context.upload('log rank targets', Float32Array.from(logs));
  const losses = context.scratch('rank-kl losses', [1]);
  rankKl(context.gpu, { similarity, targets, logTargets, dSimilarity, losses, temperature, weight });
  return { value: finishLoss(context, 'rank-kl', { losses, scale: 1, weight }) };
}

/**
 * Log of softmax(((n-1-r) / (n-1)) / temperature) in float64, r = 0-based descending rank; equal grades share their
 * mean rank. Needs at least two grades.
 */
export function logRankTargets(grades: Float32Array, temperature: number): Float64Array {
  const n = grades.length;
  const order = Uint32Array.from(grades.keys()).sort((a, b) => grades[b] - grades[a]);
  const logits = new Float64Array(n);
  for (let first = 0; first < n; ) {
    let end = first + 1;
    while (end < n && grades[order[end]] === grades[order[first]]) end++;
    const rank = (first + end - 1) / 2;
    for (let at = first; at < end; at++) logits[order[at]] = (n - 1 - rank) / (n - 1) / temperature;
    first = end;
  }
  const largest = logits[order[0]];
  const logTotal = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - logTotal);
}
