/** Weights of a model folder: several files, other spellings, and everything that makes them unusable. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import { openShards } from '../../src/formats/safetensors-shards.ts';
import type { NamedTensor } from '../../src/model/types.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { writeTinyModel } from './tiny-model.ts';

const folder = temporaryFolder();
let models = 0;
let path = '';
beforeEach(async () => {
  path = join(folder(), String(models++));
  await writeTinyModel(path);
});

interface FileTensor {
  readonly dtype?: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A file as another program may have written it. */
async function writeTensors(file: string, tensors: ReadonlyMap<string, FileTensor>): Promise<void> {
  let offset = 0;
  const entries = [...tensors].map(([name, { dtype = 'F32', shape, bytes }]) => {
    const entry = { dtype, shape, data_offsets: [offset, offset + bytes.byteLength] };
    offset += bytes.byteLength;
    return [name, entry];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await writeFile(
    join(path, file),
    Buffer.concat([length, header, ...[...tensors.values()].map(({ bytes }) => bytes)]),
  );
}

const bytesOf = ({ data }: Pick<NamedTensor, 'data'>) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The tiny model's tensors as they lie in its file. */
async function fileTensors(): Promise<Map<string, FileTensor>> {
  const reader = await openSafetensors(join(path, 'model.safetensors'));
  const tensors = new Map<string, FileTensor>();
  for (const [name, { shape }] of reader.tensors) {
    tensors.set(name, { shape, bytes: bytesOf({ data: await reader.read(name) }) });
  }
  await reader.close();
  return tensors;
}

/** Changes the names in model.safetensors. */
async function renameTensors(nameOf: (name: string) => string, more: readonly (readonly [string, FileTensor])[] = []) {
  const tensors = [...(await fileTensors())].map(([name, tensor]) => [nameOf(name), tensor] as const);
  await writeTensors('model.safetensors', new Map([...tensors, ...more]));
}

const refusal = async (open: () => Promise<unknown> = () => readModelFolder(path)): Promise<string> => {
  const error = (await open().catch((caught: unknown) => caught)) as Error;
  expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(error.message).toContain(path);
  return error.message;
};

const small = (values: readonly number[]): FileTensor => ({
  shape: [values.length],
  bytes: bytesOf({ data: Float32Array.from(values) }),
});

describe('names of other programs', () => {
  it('may have a prefix, the old endings, and a head', async () => {
    const before = await fileTensors();
    await renameTensors(
      (name) =>
        `bert.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`,
      [
        ['cls.predictions.bias', small([1, 2])],
        ['bert.pooler.dense.weight', small([1])],
        ['bert.embeddings.position_ids', { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }],
      ],
    );
    const { weights, close } = await readModelFolder(path);
    expect([...weights.tensors.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [name, { shape, bytes }] of before)
      expect(bytesOf({ data: await weights.read(name, shape) })).toEqual(bytes);
    expect(weights.fileOf('embeddings.LayerNorm.weight')).toBe(join(path, 'model.safetensors'));
    await close();
  });

  it('may not name a parameter twice, nor anything unknown', async () => {
    await renameTensors((name) => name, [['bert.embeddings.LayerNorm.gamma', small(new Array<number>(8).fill(1))]]);
    expect(await refusal()).toMatch(
      /tensor bert\.embeddings\.LayerNorm\.gamma is embeddings\.LayerNorm\.weight, and so is/,
    );
    await renameTensors((name) => (name.includes('gamma') ? 'bert.adapter.weight' : name));
    expect(await refusal()).toMatch(/model\.safetensors: tensor bert\.adapter\.weight is no parameter of a bert/);
  });
});

describe('values', () => {
  const name = 'embeddings.LayerNorm.weight';
  const replaced = async (tensor: FileTensor): Promise<void> => {
    const tensors = await fileTensors();
    await writeTensors('model.safetensors', tensors.set(name, tensor));
  };
  const readBack = async (): Promise<number[]> => {
    const { weights, close } = await readModelFolder(path);
    try {
      return [...(await weights.read(name, [8]))];
    } finally {
      await close();
    }
  };

  it.each<[string, readonly number[], readonly number[]]>([
    [
      'F16',
      [0x3c00, 0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x8000, 0x3555],
      [1, -(2 ** -24), 1023 * 2 ** -24, 2 ** -14, 65504, -65504, -0, 1365 / 4096],
    ],
    [
      'BF16',
      [0x3f80, 0x0001, 0x8001, 0x0080, 0x7f7f, 0xff7f, 0x8000, 0x3eab],
      [1, 2 ** -133, -(2 ** -133), 2 ** -126, (2 - 2 ** -7) * 2 ** 127, -(2 - 2 ** -7) * 2 ** 127, -0, 171 / 512],
    ],
  ])('of %s are exact in f32, subnormal ones too', async (dtype, halves, values) => {
    await replaced({ dtype, shape: [8], bytes: new Uint8Array(Uint16Array.from(halves).buffer) });
    expect(await readBack()).toEqual(values);
  });

  it('of f32 keep their subnormals', async () => {
    const values = [2 ** -149, -(2 ** -149), 2 ** -127, 1, 2, 3, 4, 5];
    await replaced(small(values));
    expect(await readBack()).toEqual(values);
  });

  it.each([NaN, Infinity, -Infinity])('that are %s are refused with tensor and file', async (value) => {
    await replaced(small([1, 1, 1, value, 1, 1, 1, 1]));
    expect(await refusal(readBack)).toMatch(new RegExp(`model\\.safetensors: tensor ${name} holds ${value} at 3`));
  });

  it('of another type are refused at opening', async () => {
    await replaced({ dtype: 'I32', shape: [8], bytes: new Uint8Array(32) });
    expect(await refusal()).toMatch(/model\.safetensors: tensor embeddings\.LayerNorm\.weight is of type I32/);
  });

  it('in pickled files only are refused by name', async () => {
    await rename(join(path, 'model.safetensors'), join(path, 'pytorch_model.bin'));
    expect(await refusal()).toMatch(/has its weights in pytorch_model\.bin only/);
  });
});

describe('weights in several files', () => {
  const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const index = 'model.safetensors.index.json';
  let tensors: Map<string, FileTensor>;
  let map: Record<string, string>;

  /** The tiny model in two files; `second` = what the second holds, or its embeddings. */
  beforeEach(async () => {
    tensors = await fileTensors();
    const isFirst = (name: string): boolean => name.startsWith('encoder.');
    map = Object.fromEntries([...tensors.keys()].map((name) => [name, files[isFirst(name) ? 0 : 1]]));
    await rm(join(path, 'model.safetensors'));
    await writeTensors(files[0], new Map([...tensors].filter(([name]) => isFirst(name))));
    await writeTensors(files[1], new Map([...tensors].filter(([name]) => !isFirst(name))));
    await writeIndex({});
  });

  const totalSize = (): number => [...tensors.values()].reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const writeIndex = (changes: object): Promise<void> =>
    writeFile(
      join(path, index),
      JSON.stringify({ metadata: { total_size: totalSize() }, weight_map: map, ...changes }),
    );
  const opened = () => openShards(join(path, index));

  it('are one model, read tensor by tensor', async () => {
    const { weights, close } = await readModelFolder(path);
    for (const [name, { shape, bytes }] of tensors) {
      expect(bytesOf({ data: await weights.read(name, shape) })).toEqual(bytes);
      expect(weights.fileOf(name)).toBe(join(path, map[name] ?? ''));
    }
    await close();
  });

  it('are read without any total, and not at all where one whole file lies beside', async () => {
    await writeIndex({ metadata: undefined });
    await (await opened()).close();
    await writeFile(join(path, 'model.safetensors'), 'broken');
    expect(await refusal()).toMatch(/\/model\.safetensors: the file has 6 bytes/);
  });

  it('are refused where a file is missing or cut off', async () => {
    const bytes = await readFile(join(path, files[1]));
    await writeFile(join(path, files[1]), bytes.subarray(0, bytes.length - 4));
    expect(await refusal()).toMatch(
      /00002-of-00002\.safetensors: tensor .* cut off.* says that tensor embeddings\..* is in it\)/,
    );
    await rm(join(path, files[1]));
    expect(await refusal()).toMatch(/00002-of-00002\.safetensors: it cannot be opened.*says that tensor embeddings\./);
  });

  it('are refused where a tensor lies in two files, in another file, or in none', async () => {
    const [name] = Object.keys(map).filter((tensor) => tensor.startsWith('encoder.'));
    const second = new Map([...tensors].filter(([tensor]) => map[tensor] === files[1]));
    await writeTensors(files[1], new Map([...second, [name, tensors.get(name) as FileTensor]]));
    expect(await refusal()).toMatch(`tensor ${name} lies in ${files[0]} and in ${files[1]}`);
    const first = new Map([...tensors].filter(([tensor]) => map[tensor] === files[0] && tensor !== name));
    await writeTensors(files[0], first);
    expect(await refusal()).toMatch(`tensor ${name} lies in ${files[1]}`);
    await writeTensors(files[1], second);
    expect(await refusal()).toMatch(`tensor ${name} is not in ${files[0]}`);
    delete map[name];
    await writeIndex({});
    await writeTensors(files[0], new Map([...first, [name, tensors.get(name) as FileTensor]]));
    expect(await refusal()).toMatch(`tensor ${name} lies in ${files[0]} and not in weight_map`);
  });

  it.each<[string, object, RegExp]>([
    ['a total that is not theirs', { metadata: { total_size: 1 } }, /metadata\.total_size is 1/],
    ['no map', { weight_map: undefined }, /weight_map is missing/],
    ['an empty map', { weight_map: {} }, /weight_map is \{\}/],
    ['a file elsewhere', { weight_map: { a: '../model.safetensors' } }, /weight_map\.a is "\.\.\/model\.safetensors"/],
    ['a pickled file', { weight_map: { a: 'pytorch_model.bin' } }, /weight_map\.a is "pytorch_model\.bin"/],
  ])('are refused for %s', async (_, changes, message) => {
    await writeIndex(changes);
    expect(await refusal(opened)).toMatch(message);
  });

  it('are refused for a parameter that no file has', async () => {
    const [name] = Object.keys(map);
    const without = new Map([...tensors].filter(([tensor]) => map[tensor] === map[name] && tensor !== name));
    await writeTensors(map[name], without);
    delete map[name];
    tensors.delete(name);
    await writeIndex({});
    expect(await refusal()).toMatch(`${index}: tensor ${name} is missing`);
  });

  it('hand nothing out under a name that they do not have', async () => {
    const reader = await opened();
    await expect(reader.read('absent')).rejects.toThrow(/index\.json: tensor absent is missing/);
    await reader.close();
  });
});
