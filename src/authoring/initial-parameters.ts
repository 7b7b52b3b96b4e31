/** The initial parameters of a new model. */
import type { EncoderFamily } from '../model/families/catalog.ts';
import { elementCount, encoderParameters } from '../model/parameter-shapes.ts';
import type { Architecture, NamedTensor, ParameterShape } from '../model/types.ts';
import { fillNormal } from '../random/normal.ts';

/** Standard deviation of weights; source: initializer_range of transformers' BertConfig. */
const deviation = 0.02;

/** Yields every parameter: weights normal, norms 1, biases 0, the padding row of the word table 0. */
export function* initialParameters(
  family: EncoderFamily,
  architecture: Architecture,
  seed: number,
): Generator<NamedTensor> {
  for (const parameter of encoderParameters(family, architecture)) {
    yield { name: parameter.name, shape: parameter.shape, data: initialValues(parameter, seed) };
  }
}

function initialValues({ name, shape, init }: ParameterShape, seed: number): Float32Array {
  const values = new Float32Array(elementCount(shape));
  if (init === 'ones') values.fill(1);
  if (init === 'normal' || init === 'embedding-padded') fillNormal(values, seed, name, deviation);
  if (init === 'embedding-padded') values.fill(0, 0, shape[1]);
  return values;
}
