/** Score distillation: a query's cosines beside what a teacher gave its candidates (Hinton et al. 2015). */
import type { Tensor } from '../../device/types.ts';
import { distillation } from '../../kernels/loss-companions.ts';
import { rowDotBackward, rowDotForward } from '../../kernels/similarity.ts';
import { finishLoss, keepZeros, type LossContext, sumOf } from './context.ts';
import type { CandidateInput, LossOf, TeacherScores } from './loss.ts';
import { spreadSlots, takeSlots } from './slots.ts';

/**
 * The mean over queries of KL(softmax(g / teacherTemperature) || softmax(cos / temperature)) over a query's own
 * candidates; those without a score are left out, and a query with fewer than two scores gives 0.
 */
export const scoreDistillationLoss: LossOf<'score-distillation'> = (context, input, parameters) => {
  const { queries, positives, negatives, teacherScores } = input;
  const { gpu } = context;
  const [B] = queries.shape;
  const scores = scoresByCandidate(teacherScores, B);
  const logs = scores && logTargets(scores, B, parameters.teacherTemperature);
  if (!logs?.some((log) => !Number.isNaN(log))) return nothing(context, input);

  const candidates = candidatesOf(context, input);
  const shape = [candidates.length, B];
  const cosines = context.scratch('cosines of candidates', shape);
  candidates.forEach(({ vectors }, g) => {
    const out = context.scratch('cosines of a candidate', [B]);
    rowDotForward(gpu, { a: queries, b: vectors, out });
    gpu.copy(out, gpu.view(cosines, g * B, [B]));
  });
  const slopes = context.scratch('slopes of candidates', shape);
  const losses = context.scratch('distillation losses', [B]);
  distillation(gpu, {
    ...{ cosines, slopes, losses },
    targets: context.upload('teacher shares', Float32Array.from(logs, shareOf), shape),
    logTargets: context.upload('log teacher shares', Float32Array.from(logs, finiteLog), shape),
    temperature: parameters.temperature,
    scale: parameters.weight / B,
  });
  const gradients = candidates.map(({ vectors }, g) => {
    const dOut = context.scratch('slopes of a candidate', [B]);
    gpu.copy(gpu.view(slopes, g * B, [B]), dOut);
    const [dA, dB] = [context.keep('dQueries', queries.shape), context.scratch('dCandidates', queries.shape)];
    rowDotBackward(gpu, { a: queries, b: vectors, dOut, dA, dB });
    return { dA, dB };
  });
  const spread = (of: Tensor): Tensor => {
    const own = candidates.flatMap(({ side, slots }, g) => (side === of ? [{ slots, d: gradients[g]!.dB }] : []));
    const parts = own.map(({ d }) => d);
    return spreadSlots(
      context,
      parts,
      own.map(({ slots }) => slots),
      of,
    );
  };
  return {
    value: finishLoss(context, 'score-distillation', { losses, scale: 1 / B, weight: parameters.weight }),
    dQueries: sumOf(
      context,
      queries,
      gradients.map(({ dA }) => dA),
    ),
    dPositives: spread(positives),
    dNegatives: negatives && spread(negatives),
  };
};

function nothing(context: LossContext, { queries, positives, negatives }: CandidateInput) {
  return {
    value: keepZeros(context, 'score-distillation', [1]),
    dQueries: keepZeros(context, 'dQueries', queries.shape),
    dPositives: keepZeros(context, 'dPositives', positives.shape),
    dNegatives: negatives && keepZeros(context, 'dNegatives', negatives.shape),
  };
}

interface Candidate {
  /** All positives, or all negatives, and which of them each query has here. */
  readonly side: Tensor;
  readonly slots: Uint32Array;
  /** [B, C]. */
  readonly vectors: Tensor;
}

/** The first positive of every query, the second, and so on, then the negatives. */
function candidatesOf(context: LossContext, { queries, positives, negatives }: CandidateInput): Candidate[] {
  const [B] = queries.shape;
  return [positives, ...(negatives ? [negatives] : [])].flatMap((side) =>
    Array.from({ length: side.shape[0] / B }, (_, slot) => {
      const slots = new Uint32Array(B).fill(slot);
      return { side, slots, vectors: takeSlots(context, side, slots) };
    }),
  );
}

/** [G, B], from scores that stand query by query. */
function scoresByCandidate(scores: TeacherScores | undefined, B: number): Float64Array | undefined {
  if (scores === undefined) return undefined;
  const sides = [scores.positives, scores.negatives].flatMap((side) =>
    Array.from(side, (_, at) => side[(at % B) * (side.length / B) + Math.floor(at / B)]!),
  );
  return Float64Array.from(sides);
}

/** [G, B] log of softmax(score / temperature) over a query's scores, in float64; NaN where a candidate is left out. */
function logTargets(scores: Float64Array, B: number, temperature: number): Float64Array {
  const logs = new Float64Array(scores.length).fill(Number.NaN);
  for (let query = 0; query < B; query++) {
    const own: number[] = [];
    for (let at = query; at < scores.length; at += B) if (!Number.isNaN(scores[at])) own.push(at);
    if (own.length < 2) continue;
    const largest = own.reduce((top, at) => Math.max(top, scores[at]!), Number.NEGATIVE_INFINITY);
    const logit = (at: number): number => (scores[at]! - largest) / temperature;
    const logTotal = Math.log(own.reduce((sum, at) => sum + Math.exp(logit(at)), 0));
    for (const at of own) logs[at] = logit(at) - logTotal;
  }
  return logs;
}

/** Below 0 = left out. */
const shareOf = (log: number): number => (Number.isNaN(log) ? -1 : Math.exp(log));
/** The kernel multiplies it by a share of 0 where it is far below any in f32. */
const finiteLog = (log: number): number => (Number.isNaN(log) ? 0 : Math.max(log, -1e30));
