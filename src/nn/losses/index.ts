/**
 * The losses of one training step, as training calls them: they record dispatches on the representations of the whole
 * global batch and give the weighted gradients. Every vector here is a unit row, and every gradient is with respect to
 * unit rows: the caller normalises before (kernels/norm.ts) and back-propagates through that normalisation after.
 */

import type { Gpu, Tensor } from '../../device/types.ts';
import { badInput, invariant } from '../../errors.ts';
import { rowDotBackward, rowDotForward } from '../../kernels/similarity.ts';
import type { LossName, LossTerm } from './catalog.ts';
import { keepZeros, type LossContext, withContext } from './context.ts';
import { type CandidateTexts, infonceLoss } from './infonce.ts';
import { innerInfonceLoss } from './inner-infonce.ts';
import { type PairLossInput, pearsonLoss } from './pearson.ts';
import { proLoss } from './pro.ts';
import { rankKlLoss } from './rank-kl.ts';

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

export interface IrLossInput {
  /** [B, C]. */
  readonly queries: Tensor;
  /** [B*P, C], query-major: q0p0, q0p1, ... */
  readonly positives: Tensor;
  /** [B*N, C], query-major; null if N is 0. */
  readonly negatives: Tensor | null;
  /** 0 = masked; [B*N], or [B] for all negatives of a query. */
  readonly negativeMask?: Uint8Array;
  readonly P: number;
  readonly N: number;
  readonly terms: readonly LossTerm[];
  /** [B], the drawn positive of each query; needed by the variant "sample". */
  readonly slots?: Uint32Array;
  /** Given = known positives among the candidates are masked. */
  readonly texts?: CandidateTexts;
}

export interface IrGradients {
  readonly queries: Tensor;
  readonly positives: Tensor;
  readonly negatives: Tensor | null;
}

/** The loss set of a retrieval batch. */
export function irLoss(gpu: Gpu, input: IrLossInput): LossResult<IrGradients> {
  const { queries, positives, negatives, negativeMask, texts, P, N, slots } = input;
  const B = queries.shape[0];
  const term = checkTerms(input.terms, ['infonce'], 'ir')[0];
  invariant(positives.shape[0] === B * P, `positives has ${positives.shape[0]} rows, not ${B} * ${P}`);
  invariant((negatives?.shape[0] ?? 0) === B * N, `negatives has ${negatives?.shape[0]} rows, not ${B} * ${N}`);
  const isSample = term.parameters['positives'] === 'sample';
  invariant(!isSample || slots?.length === B, 'The InfoNCE variant "sample" came without a slot for each query');
  return withContext(gpu, (context) => {
    const { value, dQueries, dPositives, dNegatives } = infonceLoss(
      context,
      'infonce',
      { queries, positives, negatives, negativeMask, texts, slots: isSample ? slots : undefined },
      { weight: term.weight, temperature: number(term, 'temperature', 0.02), margin: number(term, 'margin', 2) },
    );
    return {
      components: { infonce: value },
      total: context.total,
      gradients: { queries: dQueries, positives: dPositives, negatives: dNegatives },
      warnings: {},
      release: context.release,
    };
  });
}

export interface StsLossInput {
  /** [B, C], the last layer's. */
  readonly queries: Tensor;
  readonly partners: Tensor;
  /** [B, C], the inner layer's; null if no term needs them. */
  readonly innerQueries: Tensor | null;
  readonly innerPartners: Tensor | null;
  /** [B], 0..1. */
  readonly grades: Float32Array;
  readonly terms: readonly LossTerm[];
}

export interface StsGradients {
  readonly queries: Tensor;
  readonly partners: Tensor;
  /** Null where the input is. */
  readonly innerQueries: Tensor | null;
  readonly innerPartners: Tensor | null;
}

/**
 * The loss set of a similarity batch. warnings.constantSimilarity counts where Pearson met cosines that are all equal.
 * Throws BAD_USER_INPUT for a grade outside 0..1 (-1, no grade, included).
 */
export function stsLoss(gpu: Gpu, input: StsLossInput): LossResult<StsGradients> {
  const terms = checkTerms(input.terms, ['pearson', 'pro', 'rank-kl', 'inner-infonce'], 'sts');
  checkGrades(input.grades, input.queries.shape[0]);
  return withContext(gpu, (context) => {
    const pairs = pairTerms(context, input, terms);
    const inner = innerTerm(context, input, terms);
    return {
      components: { ...pairs.components, ...inner.components },
      total: context.total,
      gradients: { ...pairs.gradients, ...inner.gradients },
      warnings: pairs.warnings,
      release: context.release,
    };
  });
}

type Components = Partial<Record<LossName, Tensor>>;

/** The terms on the cosines of the last layer share one gradient with respect to the cosines. */
function pairTerms(context: LossContext, { queries, partners, grades }: StsLossInput, terms: readonly LossTerm[]) {
  const { gpu } = context;
  const B = queries.shape[0];
  const similarity = context.scratch('cosines', [B]);
  const dSimilarity = context.scratch('dCosines', [B]);
  gpu.clear(dSimilarity);
  rowDotForward(gpu, { a: queries, b: partners, out: similarity });
  const components: Components = {};
  const warnings: Record<string, Tensor> = {};
  for (const term of terms) {
    if (term.loss === 'inner-infonce') continue;
    const result = pairLoss(context, { similarity, grades, dSimilarity }, term);
    components[term.loss] = result.value;
    if (result.warnings) warnings['constantSimilarity'] = result.warnings;
  }
  const gradients = {
    queries: context.keep('dQueries', queries.shape),
    partners: context.keep('dPartners', queries.shape),
  };
  rowDotBackward(gpu, { a: queries, b: partners, dOut: dSimilarity, dA: gradients.queries, dB: gradients.partners });
  return { components, warnings, gradients };
}

function pairLoss(context: LossContext, input: PairLossInput, term: LossTerm): { value: Tensor; warnings?: Tensor } {
  const { weight } = term;
  if (term.loss === 'pearson') return pearsonLoss(context, input, { weight });
  const temperature = number(term, 'temperature', 0.05);
  return term.loss === 'pro'
    ? proLoss(context, input, { weight, temperature })
    : rankKlLoss(context, input, { weight, temperature });
}

function innerTerm(context: LossContext, input: StsLossInput, terms: readonly LossTerm[]) {
  const { innerQueries: queries, innerPartners: partners, grades } = input;
  const term = terms.find(({ loss }) => loss === 'inner-infonce');
  if (!queries || !partners) {
    invariant(!term, 'The inner-layer InfoNCE came without representations of the inner layer');
    return { components: {}, gradients: { innerQueries: null, innerPartners: null } };
  }
  if (!term) {
    const zeros = () => keepZeros(context, 'inner gradient', queries.shape);
    return { components: {}, gradients: { innerQueries: zeros(), innerPartners: zeros() } };
  }
  const { value, dQueries, dPartners } = innerInfonceLoss(
    context,
    { queries, partners, grades },
    { weight: term.weight, temperature: number(term, 'temperature', 0.02), threshold: number(term, 'threshold', 1) },
  );
  return { components: { 'inner-infonce': value }, gradients: { innerQueries: dQueries, innerPartners: dPartners } };
}

/** A numeric parameter of a term. */
function number({ parameters }: LossTerm, name: string, fallback: number): number {
  const value = parameters[name];
  return typeof value === 'number' ? value : fallback;
}

/** Each loss at most once, only those of the task, at least one. */
function checkTerms(terms: readonly LossTerm[], allowed: readonly LossName[], task: string): readonly LossTerm[] {
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
  return terms;
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
