/** The passes over scores: InfoNCE with four negatives a query, losses of graded pairs, the selection of a search. */
import { pearson, proBackward, proForward, rankKl, totalLoss } from '../../../dist/src/kernels/loss.js';
import { excludeColumns, infonceBackward, infonceForward } from '../../../dist/src/kernels/loss-infonce.js';
import { rowDotBackward, rowDotForward } from '../../../dist/src/kernels/similarity.js';
import { topK } from '../../../dist/src/kernels/top-k.js';
import { bytesOf } from './hold.mjs';

const width = 384;
const negatives = 4;

function infonce(gpu, hold, B) {
  const M = negatives * B;
  const tile = { positiveScores: hold.filled(B, B), negativeScores: hold.filled(B, M), firstRow: 0 };
  const batch = {
    slots: hold.numbers(new Array(B).fill(0), [1, B]),
    ...Object.fromEntries(
      ['rowWeights', 'losses', 'rowLosses', 'otherShares', 'targetScores'].map((name) => [name, hold.filled(B)]),
    ),
    ...{ positives: 1, temperature: 0.05, margin: 2 },
  };
  // No column is excluded: every text is valid, and none is known to another query.
  const exclusion = {
    columnValid: hold.numbers(new Array(B).fill(1)),
    columnText: hold.numbers(Array(B).keys()),
    knownStarts: hold.numbers(new Array(B + 1).fill(0)),
    knownTexts: hold.numbers([0]),
  };
  const scores = B * (B + M);
  return {
    run() {
      excludeColumns(gpu, { ...exclusion, scores: tile.positiveScores, firstRow: 0, ownColumns: 1 });
      infonceForward(gpu, batch, tile);
      infonceBackward(gpu, batch, tile, 1);
    },
    works: {
      // Each score has a test; it is written where that holds.
      exclude_columns: { bytes: bytesOf(B * B, 2 * B) },
      infonce_forward: { bytes: bytesOf(scores, 6 * B) },
      infonce_backward: { bytes: bytesOf(2 * scores, 10 * B) },
    },
  };
}

function pairs(gpu, hold, B) {
  const [similarity, grades, targets, logTargets, unitGrades] = [1, 2, 3, 4, 5].map(() => hold.filled(B));
  const [dSimilarity, rowLosses, otherShares, largestGap] = [1, 2, 3, 4].map(() => hold.empty(B));
  const [losses, value, total] = [1, 2, 3].map(() => hold.empty(1));
  const warnings = hold.numbers([0]);
  const [a, b, dA, dB] = [hold.filled(B, width), hold.filled(B, width), hold.empty(B, width), hold.empty(B, width)];
  return {
    run() {
      rowDotForward(gpu, { a, b, out: similarity });
      pearson(gpu, { similarity, unitGrades, dSimilarity, losses, warnings, weight: 2 });
      rankKl(gpu, { similarity, targets, logTargets, dSimilarity, losses, temperature: 0.05, weight: 5 });
      const pro = { similarity, grades, losses: rowLosses, otherShares, largestGap, temperature: 0.05 };
      proForward(gpu, pro);
      proBackward(gpu, { ...pro, dSimilarity, weight: 0.5 });
      totalLoss(gpu, { losses: rowLosses, value, total, scale: 1 / B, weight: 0.5 });
      rowDotBackward(gpu, { a, b, dOut: dSimilarity, dA, dB });
    },
    works: {
      row_dot_forward: { bytes: bytesOf(2 * B * width, B) },
      row_dot_backward: { bytes: bytesOf(4 * B * width, B) },
      pearson: { bytes: bytesOf(4 * B) },
      rank_kl: { bytes: bytesOf(5 * B) },
      total_loss: { bytes: bytesOf(B) },
      // Two passes over all pairs: gap, its test, the scaled cosine, a maximum; then the same, exp and a sum.
      pro_forward: { flops: 13 * B * B },
      // Gap, its test, two scaled cosines, two differences, exp, a product and a sum.
      pro_backward: { flops: 11 * B * B },
    },
  };
}

function search(gpu, hold, Q) {
  const [rows, k] = [65_536, 10];
  const [queries, vectors, scores] = [hold.filled(Q, width), hold.filled(rows, width), hold.empty(Q, k)];
  const found = hold.numbers(new Array(Q * k).fill(0), [Q, k]);
  const product = 2 * Q * rows * width;
  return {
    run: () => topK(gpu, { queries, vectors, k, rows: found, scores }),
    works: {
      topk_select: { bytes: bytesOf(Q * rows) },
      'matmul-pack-': { bytes: bytesOf(2 * rows * width) },
      // One query reads every vector for two operations a number: what it needs is bandwidth.
      'matmul-': Q === 1 ? { bytes: bytesOf(rows * width, rows) } : { flops: product },
    },
  };
}

export const lossCases = (gpu) => [
  ...[32, 256].flatMap((B) => [
    { name: `InfoNCE, B = ${B}`, prepare: (hold) => infonce(gpu, hold, B) },
    { name: `${B} pairs`, prepare: (hold) => pairs(gpu, hold, B) },
  ]),
  ...[1, 64].map((Q) => ({ name: `top 10 of 65536, ${Q} queries`, prepare: (hold) => search(gpu, hold, Q) })),
];
