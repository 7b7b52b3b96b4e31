/** A model with heads as a folder: what lies where, what other programs find, and what is refused. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { readModelFolder, readModelSpec } from '../../src/formats/model-folder.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import type { DenseLayer, Heads, ModelSpec } from '../../src/model/types.ts';
import { random } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tinySpec, writeTinyModel } from './tiny-model.ts';

const folder = temporaryFolder();
let models = 0;
let path = '';
beforeEach(() => {
  path = join(folder(), String(models++));
});

const shared: DenseLayer = { inFeatures: 8, outFeatures: 5, bias: true, activation: 'tanh' };
const specOf = (heads: Heads): ModelSpec => ({ ...tinySpec, dense: [shared], heads });
const both: Heads = { ir: 'dense', sts: 'dense' };

/** Values of every tensor, so that no two are the same. */
const write = (heads: Heads): Promise<void> =>
  writeTinyModel(path, {
    spec: specOf(heads),
    change: (tensor) => ({ ...tensor, data: random(tensor.name.length).floats(tensor.data.length, 0.2) }),
  });

const readJson = async (name: string) => JSON.parse(await readFile(join(path, name), 'utf8'));

it.each<[Heads['ir'], Heads['sts'], string[], string[]]>([
  ['none', 'none', ['2_Dense'], ['2_Dense']],
  ['dense', 'none', ['2_Dense', '3_Dense'], ['2_Dense', '3_Dense']],
  ['none', 'dense', ['2_Dense'], ['2_Dense', 'sts_Dense']],
  ['dense', 'dense', ['2_Dense', '3_Dense'], ['2_Dense', '3_Dense', 'sts_Dense']],
])('with heads %s for ir and %s for sts, other programs find the model of ir', async (ir, sts, modules, folders) => {
  const spec = specOf({ ir, sts });
  await write(spec.heads);
  const listed = ((await readJson('modules.json')) as { path: string }[]).map((module) => module.path);
  expect(listed).toEqual(['', '1_Pooling', ...modules, `${modules.length + 2}_Normalize`]);
  expect((await readdir(path)).filter((name) => name.endsWith('_Dense')).sort()).toEqual(folders);
  const model = await readModelFolder(path);
  expect(model.spec).toEqual(spec);
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of modelParameters(spec)) values.set(name, await model.weights.read(name, shape));
  await model.close();

  await rm(join(path, 'tandem.json'));
  const plain = await readModelFolder(path);
  const head: DenseLayer = { inFeatures: 5, outFeatures: 5, bias: false, activation: 'identity' };
  expect(plain.spec.dense).toEqual(ir === 'dense' ? [shared, head] : [shared]);
  if (ir === 'dense') {
    expect(await plain.weights.read('dense.1.linear.weight', [5, 5])).toEqual(values.get('heads.ir.linear.weight'));
  }
  await plain.close();
});

it('a version that knows no heads refuses it by its format; without heads the file is as it always was', async () => {
  await write(both);
  expect(await readJson('tandem.json')).toMatchObject({ format: 2, heads: { ir: '3_Dense', sts: 'sts_Dense' } });
  path = join(folder(), String(models++));
  await write({ ir: 'none', sts: 'none' });
  const { format, ...others } = await readJson('tandem.json');
  expect([format, Object.keys(others)]).toEqual([1, ['templates', 'initialisation']]);
});

it.each<[string, object, RegExp]>([
  ['tandem.json', { heads: { ir: '2_Dense', sts: null } }, /heads is \{"ir":"2_Dense"/],
  ['tandem.json', { heads: { ir: '3_Dense', sts: '../elsewhere' } }, /heads is .*\.\.\/elsewhere/],
  ['tandem.json', { heads: { ir: '3_Dense' } }, /heads is \{"ir":"3_Dense"\}/],
  ['tandem.json', { heads: [] }, /heads is \[\]/],
  ['3_Dense/config.json', { activation_function: 'torch.nn.modules.activation.Tanh' }, /activation is "tanh"/],
  ['sts_Dense/config.json', { bias: true }, /bias is true/],
  ['sts_Dense/config.json', { out_features: 4 }, /outFeatures is 4/],
])('%s with %j is refused by name', async (file, changes, message) => {
  await write(both);
  await writeFile(join(path, file), JSON.stringify({ ...(await readJson(file)), ...changes }));
  await expect(readModelSpec(path)).rejects.toThrow(message);
});

it('a head without its weights, or with a bias, is refused', async () => {
  await write(both);
  await rm(join(path, 'sts_Dense/model.safetensors'));
  await expect(readModelFolder(path)).rejects.toThrow(/sts_Dense\/model\.safetensors: it cannot be opened/);
});
