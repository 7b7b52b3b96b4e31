/** The initial parameters of a new model. */
import { elementCount } from '../model/parameter-shapes.ts';
import { modelParameters, type ParameterSpec } from '../model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../model/types.ts';
import { fillNormal } from '../random/normal.ts';

/** Standard deviation of weights; source: initializer_range of transformers' BertConfig. */
const deviation = 0.02;

/** Yields every parameter: weights normal, norms 1, biases 0, the padding row of the word table 0, heads identities. */
export function* initialParameters(spec: ParameterSpec, seed: number): Generator<NamedTensor> {
  for (const parameter of modelParameters(spec)) {
    yield { name: parameter.name, shape: parameter.shape, data: initialValues(parameter, seed) };
  }
}

export function initialValues({ name, shape, init }: ParameterShape, seed: number): Float32Array {
  const values = new Float32Array(elementCount(shape));
  if (init === 'ones') values.fill(1);
  if (init === 'identity') for (let i = 0; i < values.length; i += shape[1] + 1) values[i] = 1;
  if (init === 'normal' || init === 'embedding-padded') fillNormal(values, seed, name, deviation);
  if (init === 'embedding-padded') values.fill(0, 0, shape[1]);
  return values;
}
