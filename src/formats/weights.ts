/**
 * All weights of a model folder under the parameters' own names, whatever names the files use: the encoder's, from one
 * file or several, and the dense layers'. Checked when opened, read one tensor at a time.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../errors.ts';
import { shortened } from '../model/json-fields.ts';
import { modelParameters } from '../model/pipeline.ts';
import { parameterName } from '../model/tensor-names.ts';
import type { ModelSpec } from '../model/types.ts';
import { openSafetensors, sameShape, type TensorReader } from './safetensors.ts';
import type { TensorInfo } from './safetensors-header.ts';
import { openShards } from './safetensors-shards.ts';

/** The file of a parameter. */
interface Place {
  readonly reader: TensorReader;
  /** Its name in the file. */
  readonly name: string;
}

/** The folder of a dense layer's weights, and the parameter that `linear.<part>` of them is. */
interface LayerFolder {
  readonly folder: string;
  readonly parameter: (part: 'weight' | 'bias') => string;
}

/** `encoder` is the folder of config.json. The caller closes the reader. */
export async function openWeights(
  encoder: string,
  spec: ModelSpec,
  layers: readonly LayerFolder[],
): Promise<TensorReader> {
  const readers: TensorReader[] = [];
  const close = async (): Promise<void> => void (await Promise.all(readers.map((reader) => reader.close())));
  try {
    const places = new Map<string, Place>();
    const main = await openMain(encoder);
    readers.push(main);
    addPlaces(places, main, (name) => parameterName(spec.family, name));
    for (const { folder, parameter } of layers) {
      await refusePickled(folder);
      const reader = await openSafetensors(join(folder, singleFile));
      readers.push(reader);
      addPlaces(places, reader, (name) => layerParameter(parameter, name));
    }
    return readerOf(main.path, checkPlaces(main.path, spec, places), close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Names of all tensors of an encoder's weights. */
export async function tensorNamesOf(encoder: string): Promise<string[]> {
  const main = await openMain(encoder);
  await main.close();
  return [...main.tensors.keys()];
}

const singleFile = 'model.safetensors';

/** A single file takes precedence over an index, as in transformers. */
async function openMain(folder: string): Promise<TensorReader> {
  const single = join(folder, singleFile);
  const index = join(folder, 'model.safetensors.index.json');
  if (!(await exists(single)) && (await exists(index))) return openShards(index);
  await refusePickled(folder);
  return openSafetensors(single);
}

/** Throws for a folder, of the encoder or of a dense layer, that has pickled weights and no others. */
async function refusePickled(folder: string): Promise<void> {
  if (await exists(join(folder, singleFile))) return;
  for (const name of ['pytorch_model.bin', 'pytorch_model.bin.index.json']) {
    if (!(await exists(join(folder, name)))) continue;
    throw badInput(`${folder} has its weights in ${name} only`, {
      field: name,
      expected: 'model.safetensors, or model.safetensors.index.json with its files',
      remedy:
        'Load the whole model with sentence-transformers or transformers and save it again; pickled weights are not read, as they may run code.',
    });
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A dense module's file holds `linear.weight` and `linear.bias`. */
const layerParameter = (parameter: LayerFolder['parameter'], name: string): string => {
  if (name === 'linear.weight') return parameter('weight');
  return name === 'linear.bias' ? parameter('bias') : name;
};

function addPlaces(
  places: Map<string, Place>,
  reader: TensorReader,
  parameterOf: (name: string) => string | undefined,
): void {
  for (const name of reader.tensors.keys()) {
    const parameter = parameterOf(name);
    if (parameter === undefined) continue;
    const other = places.get(parameter);
    if (other) {
      throw wrongTensor(reader, name, `is ${parameter}, and so is ${other.name}`, 'each parameter under one name');
    }
    places.set(parameter, { reader, name });
  }
}

/** Checks that every parameter exists in its shape and a supported type, and that there is no other tensor. */
function checkPlaces(path: string, spec: ModelSpec, places: ReadonlyMap<string, Place>): ReadonlyMap<string, Place> {
  const expected = modelParameters(spec);
  for (const { name, shape } of expected) {
    const place = places.get(name);
    if (!place) throw badInput(`${path}: tensor ${name} is missing`, { field: name, expected: `a tensor [${shape}]` });
    const found = infoOf(place);
    if (!sameShape(found.shape, shape)) {
      const message = `has the shape [${found.shape}]`;
      throw wrongTensor(place.reader, place.name, message, `[${shape}], as config.json says`);
    }
    if (!['F32', 'F16', 'BF16'].includes(found.dtype)) {
      throw wrongTensor(place.reader, place.name, `is of type ${found.dtype}`, 'F32, F16 or BF16');
    }
  }
  const known = new Set(expected.map(({ name }) => name));
  for (const [parameter, { reader, name }] of places) {
    if (known.has(parameter)) continue;
    const message = `is no parameter of a ${spec.family} of this size`;
    throw wrongTensor(reader, name, message, 'only the tensors that the settings imply');
  }
  return places;
}

const infoOf = ({ reader, name }: Place): TensorInfo => reader.tensors.get(name) as TensorInfo;

function readerOf(path: string, places: ReadonlyMap<string, Place>, close: () => Promise<void>): TensorReader {
  const place = (name: string): Place => {
    const found = places.get(name);
    if (!found) throw badInput(`${path}: tensor ${name} is missing`, { field: name, expected: 'a parameter' });
    return found;
  };
  return {
    path,
    tensors: new Map([...places].map(([name, found]) => [name, { ...infoOf(found), name }])),
    fileOf: (name) => place(name).reader.fileOf(place(name).name),
    async read(name, expectedShape) {
      const found = place(name);
      const values = await found.reader.read(found.name, expectedShape);
      requireFinite(found, values);
      return values;
    },
    close,
  };
}

/** Throws for NaN and infinity, which would make every vector NaN. */
function requireFinite({ reader, name }: Place, values: Float32Array): void {
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at])) continue;
    throw wrongTensor(reader, name, `holds ${values[at]} at ${at}`, 'finite numbers');
  }
}

const wrongTensor = (reader: TensorReader, name: string, message: string, expected: string) =>
  badInput(`${reader.fileOf(name)}: tensor ${shortened(name)} ${message}`, { field: shortened(name), expected });
