/**
 * What of a model's folder a running service is given, and that it refuses what it would refuse of the folder itself.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lendFolder, type Part } from '../../src/cli/lend-folder.ts';
import { openWeights } from '../../src/formats/weights.ts';
import { tinySpec } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('a folder that is lent', () => {
  const root = temporaryFolder();
  let count = 0;
  const lend = async (files: Readonly<Record<string, string>>, part: Part): Promise<string> => {
    const [from, to] = ['from', 'to'].map((name) => join(root(), `${name}-${count}`));
    count++;
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(from, name)), { recursive: true });
      await writeFile(join(from, name), text);
    }
    await mkdir(to);
    await lendFolder(from, to, part);
    return to;
  };
  const filesOf = async (folder: string): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  };

  it('holds what is read, of its modules too', async () => {
    const files = {
      ...{ 'config.json': '{}', 'model.safetensors': 'w', 'tokenizer.json': '{}', 'model.onnx': 'large' },
      ...{ 'modules.json': '[{"path":""},{"path":"1_Dense"},{"path":"../out"}]', '1_Dense/dense.json': '{}' },
    };
    const names = ['config.json', 'dense.json', 'model.safetensors', 'modules.json', 'tokenizer.json'];
    expect(await filesOf(await lend(files, 'model'))).toEqual(names);
    expect(await filesOf(await lend(files, 'tokenizer'))).toEqual(['tokenizer.json']);
  });

  it('has the name of pickled weights, not their bytes', async () => {
    const files = { 'config.json': '{}', 'pytorch_model.bin': 'large', 'tokenizer.json': '{}' };
    const lent = await lend(files, 'model');
    expect(await readFile(join(lent, 'pytorch_model.bin'), 'utf8')).toBe('');
    await expect(openWeights(lent, tinySpec, [])).rejects.toThrow(/has its weights in pytorch_model\.bin only/);
    expect(await filesOf(await lend(files, 'tokenizer'))).toEqual(['tokenizer.json']);
  });
});
