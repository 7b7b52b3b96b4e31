/** What a fusion method is: from its parameters and the models to a function that merges one tensor at a time. */
import type { ParametersOf, RowOf } from '../../catalog-parameters.ts';
import type { ParameterShape } from '../../model/types.ts';
import type { FusionMethod, fusionCatalog } from '../catalog.ts';
import type { Pause } from '../pieces.ts';

/** One tensor of theta_0 and of every checkpoint. */
export interface TensorSet {
  readonly shape: readonly number[];
  readonly initial: Float32Array;
  /** [K] in the order of the checkpoints. */
  readonly checkpoints: readonly Float32Array[];
  /** [K] what each checkpoint counts; 1 each for a method that takes no weights. */
  readonly weights: readonly number[];
}

/** The models of a fusion, read tensor by tensor: at most one tensor of each is held. */
export interface FusedModels {
  readonly parameters: readonly ParameterShape[];
  read(parameter: ParameterShape): Promise<TensorSet>;
  /** A key of which models take part in a parameter: weights are shared among equal ones; absent = all, in all. */
  partOf?(parameter: ParameterShape): string;
}

/** Merges one tensor of all models; the result has its shape. Sums in f64, rounded to f32 once. */
type Merge = (parameter: ParameterShape, tensor: TensorSet) => Promise<Float32Array>;

type Row<Name extends FusionMethod> = RowOf<typeof fusionCatalog, Name>;

/** The parameters of a method's catalog row, complete. */
export type MethodParameters<Name extends FusionMethod> = ParametersOf<Row<Name>>;

/** The figures of a method's catalog row; null where there is nothing to take one from. */
type MethodFigures<Name extends FusionMethod> = {
  readonly [Figure in Row<Name>['figures'][number]['name']]: number | null;
};

/** A method that is ready to merge. */
export interface Merging<Name extends FusionMethod> {
  readonly merge: Merge;
  /** The figures of the tensors merged so far; absent = its row has none. */
  readonly figures?: () => MethodFigures<Name>;
}

/**
 * Prepares the merge. A method whose weights span tensors reads the models once here; `pause` lets the thread answer
 * others and throws when the fusion was aborted.
 */
export type Method<Name extends FusionMethod> = (
  parameters: MethodParameters<Name>,
  models: FusedModels,
  pause: Pause,
) => Promise<Merging<Name>> | Merging<Name>;
