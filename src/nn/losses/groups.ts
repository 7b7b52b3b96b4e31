/**
 * Computes the terms of a loss set, in groups of those that read the same. Gradients of a group are summed in the order
 * of its terms, so that of a single term they are that term's own.
 */
import { readParameters, rowOf } from '../../catalog-parameters.ts';
import type { Tensor } from '../../device/types.ts';
import { rowDotBackward, rowDotForward } from '../../kernels/similarity.ts';
import { type LossName, type LossTerm, lossCatalog } from './catalog.ts';
import { type LossContext, sumOf } from './context.ts';
import type {
  CandidateInput,
  LossFunction,
  LossInput,
  LossOutput,
  LossReads,
  SimilarityGradients,
  SimilarityInput,
  VectorPairInput,
} from './loss.ts';
import { losses } from './registry.ts';

/** What the terms of one call have given so far. */
export interface Outcome {
  /** Unweighted value [1] of each term. */
  readonly components: Partial<Record<LossName, Tensor>>;
  readonly warnings: Record<string, Tensor>;
}

const rowOfTerm = ({ loss }: LossTerm) => rowOf(lossCatalog, loss, 'loss');

export const termsReading = (terms: readonly LossTerm[], reads: LossReads): readonly LossTerm[] =>
  terms.filter((term) => rowOfTerm(term).reads === reads);

/** Records one term. The compiler cannot pair a name with its own input and parameters; the registry does. */
function recordTerm<Reads extends LossReads>(
  context: LossContext,
  input: LossInput<Reads>,
  term: LossTerm,
  outcome: Outcome,
): LossOutput<Reads> {
  const record = losses[term.loss] as LossFunction<Reads, object>;
  const parameters = readParameters(rowOfTerm(term), term.parameters, `losses.${term.loss}`);
  const result = record(context, input, { ...parameters, weight: term.weight });
  outcome.components[term.loss] = result.value;
  Object.assign(outcome.warnings, result.warnings);
  return result;
}

/** Terms that read candidates. */
export function candidateTerms(
  context: LossContext,
  input: CandidateInput,
  terms: readonly LossTerm[],
  outcome: Outcome,
) {
  const results = termsReading(terms, 'candidates').map((term) =>
    recordTerm<'candidates'>(context, input, term, outcome),
  );
  const { queries, positives, negatives } = input;
  return {
    queries: sumOf(
      context,
      queries,
      results.map(({ dQueries }) => dQueries),
    ),
    positives: sumOf(
      context,
      positives,
      results.map(({ dPositives }) => dPositives),
    ),
    negatives:
      negatives &&
      sumOf(
        context,
        negatives,
        results.map(({ dNegatives }) => dNegatives),
      ),
  };
}

/** Terms that read the cosines of pairs. They share one gradient with respect to the cosines. */
function pairTerms(
  context: LossContext,
  { queries, partners, grades }: VectorPairInput,
  terms: readonly LossTerm[],
  outcome: Outcome,
) {
  const { gpu } = context;
  const B = queries.shape[0];
  const similarity = context.scratch('cosines', [B]);
  const dSimilarity = context.scratch('dCosines', [B]);
  gpu.clear(dSimilarity);
  rowDotForward(gpu, { a: queries, b: partners, out: similarity });
  const input = { similarity, grades, dSimilarity };
  for (const term of termsReading(terms, 'pairs')) recordTerm<'pairs'>(context, input, term, outcome);
  const gradients = {
    queries: context.keep('dQueries', queries.shape),
    partners: context.keep('dPartners', queries.shape),
  };
  rowDotBackward(gpu, { a: queries, b: partners, dOut: dSimilarity, dA: gradients.queries, dB: gradients.partners });
  return gradients;
}

/** Terms that read the vectors of pairs, those of the last layer or those of the inner one. */
function vectorTerms(
  context: LossContext,
  reads: 'pair-vectors' | 'inner-pairs',
  input: VectorPairInput,
  terms: readonly LossTerm[],
  outcome: Outcome,
) {
  const results = termsReading(terms, reads).map((term) => recordTerm<typeof reads>(context, input, term, outcome));
  return {
    queries: sumOf(
      context,
      input.queries,
      results.map(({ dQueries }) => dQueries),
    ),
    partners: sumOf(
      context,
      input.partners,
      results.map(({ dPartners }) => dPartners),
    ),
  };
}

/**
 * All terms of a similarity batch. A term that reads candidates finds the partners there: one positive a query, no
 * negatives. The last layer's gradients are those of the cosines first, then those of the vectors, then those of the
 * candidates.
 */
export function similarityTerms(
  context: LossContext,
  { queries, partners, innerQueries, innerPartners, grades, terms, teacher }: SimilarityInput,
  outcome: Outcome,
): SimilarityGradients {
  const pairs = pairTerms(context, { queries, partners, grades }, terms, outcome);
  const vectors =
    termsReading(terms, 'pair-vectors').length > 0
      ? vectorTerms(context, 'pair-vectors', { queries, partners, grades }, terms, outcome)
      : { queries: null, partners: null };
  const candidates =
    termsReading(terms, 'candidates').length > 0
      ? candidateTerms(
          context,
          { queries, positives: partners, negatives: null, ...(teacher && { teacher }) },
          terms,
          outcome,
        )
      : { queries: null, positives: null };
  const inner =
    innerQueries && innerPartners
      ? vectorTerms(context, 'inner-pairs', { queries: innerQueries, partners: innerPartners, grades }, terms, outcome)
      : { queries: null, partners: null };
  return {
    queries: sumOf(context, queries, [pairs.queries, vectors.queries, candidates.queries]),
    partners: sumOf(context, partners, [pairs.partners, vectors.partners, candidates.positives]),
    innerQueries: inner.queries,
    innerPartners: inner.partners,
  };
}
