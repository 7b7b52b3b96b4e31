/** The parameters of a model that is made of another one: those that it had, and new heads as they begin. */
import { modelParameters, type ParameterSpec } from '../model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../model/types.ts';
import { initialValues } from './initial-parameters.ts';

export interface TensorProgress {
  readonly signal?: AbortSignal;
  readonly onTensor?: (done: number, total: number) => void;
}

/** Holds one tensor in memory at a time. */
export async function* keptParameters(
  spec: ParameterSpec,
  weights: {
    readonly tensors: { has(name: string): boolean };
    read(name: string, shape: readonly number[]): Promise<Float32Array>;
  },
  { signal, onTensor }: TensorProgress,
): AsyncGenerator<NamedTensor> {
  const parameters = modelParameters(spec);
  const isNew = ({ name, init }: ParameterShape): boolean => init === 'identity' && !weights.tensors.has(name);
  for (const [done, parameter] of parameters.entries()) {
    signal?.throwIfAborted();
    const { name, shape } = parameter;
    // Nothing of it is drawn, so that it has no seed.
    const data = isNew(parameter) ? initialValues(parameter, 0) : await weights.read(name, shape);
    yield { name, shape, data };
    onTensor?.(done + 1, parameters.length);
  }
}
