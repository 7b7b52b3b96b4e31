/** Writes a model's weights: the encoder's into the file at the root, those of each dense layer into its own. */
import { join } from 'node:path';
import { invariant } from '../errors.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { ModelSpec, NamedTensor } from '../model/types.ts';
import { denseFiles } from './dense-files.ts';
import { createSafetensors, type TensorWriter } from './safetensors.ts';

/** `tensors`: every parameter of the model once, in any order. The folders are there. */
export async function writeWeights(
  path: string,
  spec: ModelSpec,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
): Promise<void> {
  const writers: TensorWriter[] = [];
  const writerOf = new Map<string, { readonly writer: TensorWriter; readonly name: string }>();
  try {
    for (const { folder, names } of weightFiles(spec)) {
      const shapes = modelParameters(spec).flatMap(({ name, shape }) => {
        const inFile = names(name);
        return inFile === undefined ? [] : [{ parameter: name, name: inFile, shape }];
      });
      const writer = await createSafetensors(join(path, folder, 'model.safetensors'), shapes);
      writers.push(writer);
      for (const { parameter, name } of shapes) writerOf.set(parameter, { writer, name });
    }
    for await (const tensor of tensors) {
      const place = writerOf.get(tensor.name);
      invariant(place, `The model has no tensor ${tensor.name}`);
      await place.writer.write({ ...tensor, name: place.name });
    }
  } catch (error) {
    for (const writer of writers) await writer.abandon();
    throw error;
  }
  for (const writer of writers) await writer.finish();
}

interface WeightFile {
  readonly folder: string;
  /** A parameter's name in this file; undefined = it is in another file. */
  readonly names: (parameter: string) => string | undefined;
}

function weightFiles(spec: ModelSpec): WeightFile[] {
  const layers = denseFiles(spec).map(({ folder, parameter: of }): WeightFile => {
    const own = new Map((['weight', 'bias'] as const).map((part) => [of(part), `linear.${part}`]));
    return { folder, names: (parameter) => own.get(parameter) };
  });
  const elsewhere = (name: string): boolean => layers.some(({ names }) => names(name) !== undefined);
  return [{ folder: '', names: (name) => (elsewhere(name) ? undefined : name) }, ...layers];
}
