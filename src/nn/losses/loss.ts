/**
 * What a loss is, by what it reads. `candidates`: queries with their positives and negatives. `pairs`: the cosines of
 * pairs with their grades. `pair-vectors`: the vectors of pairs with their grades. `inner-pairs`: those of the inner
 * layer. All vectors are unit rows, and every gradient is with respect to unit rows and weighted.
 */
import type { ParametersOf, RowOf } from '../../catalog-parameters.ts';
import type { Tensor } from '../../device/types.ts';
import type { LossName, LossTerm, lossCatalog } from './catalog.ts';
import type { LossContext } from './context.ts';

/** Ids of texts (equal text, equal id), for masking known positives among the candidates. */
export interface CandidateTexts {
  /** [B*P] and [B*N]. */
  readonly positives: Uint32Array;
  readonly negatives: Uint32Array;
  /** For each query, every text that is known to be relevant to it. */
  readonly known: readonly (readonly number[])[];
}

/** What a teacher gives the candidates of each query, in their order; NaN = none. */
export interface TeacherScores {
  /** [B*P] and [B*N]. */
  readonly positives: Float32Array;
  readonly negatives: Float32Array;
}

/** What a teacher, another model, makes of the texts: unit rows of its own width D, which are constants. */
export interface TeacherVectors {
  /** [B, D] */
  readonly queries: Tensor;
  /** [B*P, D]; of a similarity batch the partners. */
  readonly positives: Tensor;
  /** [B*N, D]; null if N is 0. */
  readonly negatives: Tensor | null;
}

export interface CandidateInput {
  /** [B, C]. */
  readonly queries: Tensor;
  /** [B*P, C], query-major: q0p0, q0p1, ... */
  readonly positives: Tensor;
  /** [B*N, C], query-major; null if N is 0. */
  readonly negatives: Tensor | null;
  /** 0 = masked; [B*N], or [B] for all negatives of a query. */
  readonly negativeMask?: Uint8Array;
  /** [B], the drawn positive of each query. */
  readonly slots?: Uint32Array;
  /** Given = known positives among the candidates are masked. */
  readonly texts?: CandidateTexts;
  readonly teacherScores?: TeacherScores;
  /** Given where a term needs a teacher. */
  readonly teacher?: TeacherVectors;
}

export interface PairInput {
  /** [B], cosine of each pair. */
  readonly similarity: Tensor;
  /** [B], 0..1, on the host. */
  readonly grades: Float32Array;
  /** [B], to which the loss adds weight * gradient. */
  readonly dSimilarity: Tensor;
}

/** The vectors of pairs, of the last or of the inner layer. */
export interface VectorPairInput {
  /** [B, C] each. */
  readonly queries: Tensor;
  readonly partners: Tensor;
  /** [B], 0..1, on the host. */
  readonly grades: Float32Array;
}

/** A similarity batch with its terms. */
export interface SimilarityInput {
  /** [B, C], the last layer's. */
  readonly queries: Tensor;
  readonly partners: Tensor;
  /** [B, C], the inner layer's; null if no term needs them. */
  readonly innerQueries: Tensor | null;
  readonly innerPartners: Tensor | null;
  /** [B], 0..1. */
  readonly grades: Float32Array;
  readonly terms: readonly LossTerm[];
  /** Given where a term needs a teacher. */
  readonly teacher?: TeacherVectors;
}

export interface SimilarityGradients {
  readonly queries: Tensor;
  readonly partners: Tensor;
  /** Null where the input is. */
  readonly innerQueries: Tensor | null;
  readonly innerPartners: Tensor | null;
}

interface LossValue {
  /** [1], unweighted. */
  readonly value: Tensor;
  /** u32 [1] each, times the case arose. */
  readonly warnings?: Readonly<Record<string, Tensor>>;
}

interface VectorPairs {
  readonly input: VectorPairInput;
  readonly output: LossValue & { readonly dQueries: Tensor; readonly dPartners: Tensor };
}

interface Kinds {
  readonly candidates: {
    readonly input: CandidateInput;
    readonly output: LossValue & {
      readonly dQueries: Tensor;
      readonly dPositives: Tensor;
      readonly dNegatives: Tensor | null;
    };
  };
  readonly pairs: { readonly input: PairInput; readonly output: LossValue };
  readonly 'pair-vectors': VectorPairs;
  readonly 'inner-pairs': VectorPairs;
}

/** What a loss may read of a batch. */
export type LossReads = keyof Kinds;
export type LossInput<Reads extends LossReads> = Kinds[Reads]['input'];
export type LossOutput<Reads extends LossReads> = Kinds[Reads]['output'];

/** Records a loss with its gradients. `parameters` are those of its catalog row, and the weight of its term. */
export type LossFunction<Reads extends LossReads, Parameters> = (
  context: LossContext,
  input: LossInput<Reads>,
  parameters: Parameters & { readonly weight: number },
) => LossOutput<Reads>;

type Row<Name extends LossName> = RowOf<typeof lossCatalog, Name>;

/** The function of a loss by its name: it reads what its catalog row says, with the row's parameters. */
export type LossOf<Name extends LossName> = LossFunction<Row<Name>['reads'], ParametersOf<Row<Name>>>;
