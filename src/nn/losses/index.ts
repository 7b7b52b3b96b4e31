/**
 * The losses of one training step, as training calls them: they record dispatches on the representations of the whole
 * global batch and give the weighted gradients. Every vector here is a unit row, and every gradient is with respect to
 * unit rows: the caller normalises before (kernels/norm.ts) and back-propagates through that normalisation after.
 */

import type { Gpu, Tensor } from '../../device/types.ts';
import { badInput, invariant } from '../../errors.ts';
import { type LossEntry, type LossName, type LossTerm, lossCatalog } from './catalog.ts';
import { withContext } from './context.ts';
import { candidateTerms, type Outcome, similarityTerms, termsReading } from './groups.ts';
import type { CandidateInput, SimilarityGradients, SimilarityInput } from './loss.ts';

export interface LossResult<G> {
  /** Unweighted value [1] of each term. */
  readonly components: Readonly<Partial<Record<LossName, Tensor>>>;
  /** [1], the sum of weight * value. */
  readonly total: Tensor;
  /** The gradient of `total` with respect to each input tensor, of the same shape. */
  readonly gradients: G;
  /** u32 [1] each, times the case arose in this call; read them with the loss. */
  readonly warnings: Readonly<Record<string, Tensor>>;
  /** Gives back every tensor of this result. */
  release(): void;
}

export interface IrLossInput extends CandidateInput {
  readonly P: number;
  readonly N: number;
  readonly terms: readonly LossTerm[];
}

export interface IrGradients {
  readonly queries: Tensor;
  readonly positives: Tensor;
  readonly negatives: Tensor | null;
}

/** The loss set of a retrieval batch. */
export function irLoss(gpu: Gpu, { P, N, terms, ...input }: IrLossInput): LossResult<IrGradients> {
  const { queries, positives, negatives } = input;
  const B = queries.shape[0];
  checkTerms(terms, 'ir');
  invariant(positives.shape[0] === B * P, `positives has ${positives.shape[0]} rows, not ${B} * ${P}`);
  invariant((negatives?.shape[0] ?? 0) === B * N, `negatives has ${negatives?.shape[0]} rows, not ${B} * ${N}`);
  return withContext(gpu, (context) => {
    const outcome: Outcome = { components: {}, warnings: {} };
    const gradients = candidateTerms(context, input, terms, outcome);
    return { ...outcome, total: context.total, gradients, release: context.release };
  });
}

/**
 * The loss set of a similarity batch. warnings.constantSimilarity counts where Pearson met cosines that are all equal.
 * Throws BAD_USER_INPUT for a grade outside 0..1 (-1, no grade, included).
 */
export function stsLoss(gpu: Gpu, input: SimilarityInput): LossResult<SimilarityGradients> {
  const { queries, innerQueries, innerPartners, grades, terms } = input;
  checkTerms(terms, 'sts');
  checkGrades(grades, queries.shape[0]);
  invariant(
    (innerQueries !== null && innerPartners !== null) || termsReading(terms, 'inner-pairs').length === 0,
    'A loss of the inner layer came without representations of the inner layer',
  );
  return withContext(gpu, (context) => {
    const outcome: Outcome = { components: {}, warnings: {} };
    const gradients = similarityTerms(context, input, outcome);
    return { ...outcome, total: context.total, gradients, release: context.release };
  });
}

/**
 * Throws a BAD_USER_INPUT unless there is at least one term, each loss at most once, and all are losses of the task.
 */
function checkTerms(terms: readonly LossTerm[], task: 'ir' | 'sts'): void {
  const rows: readonly LossEntry[] = lossCatalog;
  const allowed = rows.filter(({ tasks }) => tasks.includes(task)).map(({ name }) => name);
  const field = `losses.${task}`;
  const expected = `one or more of ${allowed.join(', ')}, each once`;
  if (terms.length === 0) throw badInput(`No loss is given for ${task}`, { field, expected });
  terms.forEach(({ loss }, index) => {
    const isDouble = terms.findIndex((other) => other.loss === loss) !== index;
    if (allowed.includes(loss) && !isDouble) return;
    const problem = isDouble
      ? `The loss ${loss} is given twice`
      : `The loss ${loss} does not belong to the task ${task}`;
    throw badInput(problem, { field, expected, remedy: 'Correct the loss set of the run.' });
  });
}

function checkGrades(grades: Float32Array, B: number): void {
  invariant(grades.length === B, `${grades.length} grades for ${B} pairs`);
  const at = grades.findIndex((grade) => !(grade >= 0 && grade <= 1));
  if (at < 0) return;
  throw badInput(`The grade of pair ${at} of the batch is ${grades[at]}`, {
    field: 'grades',
    expected: 'a grade from 0 to 1 for every similarity pair',
    remedy: 'Import the data set again with its scale declared.',
  });
}
