/** Fusing checkpoints of models with dense layers: these are merged like all parameters, and the pipeline stays. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/authoring/import-model.ts';
import { readModelFolder, readTokenizerFile, writeModelFolder } from '../../src/formats/model-folder.ts';
import { fuse } from '../../src/fusion/fuse.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import type { NamedTensor } from '../../src/model/types.ts';
import { openStorage, publishStaged } from '../../src/storage/storage.ts';
import { pipelinePath } from '../formats/pipelines.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

async function tensorsOf(path: string): Promise<NamedTensor[]> {
  const { spec, weights, close } = await readModelFolder(path);
  const tensors: NamedTensor[] = [];
  for (const { name, shape } of modelParameters(spec)) tensors.push({ name, shape, data: await weights.read(name) });
  await close();
  return tensors;
}

describe('fusing pipelines', () => {
  it('merges dense layers and keeps every setting', async () => {
    const storage = openStorage(join(folder(), 'a'));
    const { digest: initial, spec } = await importModel(storage, pipelinePath('mean-dense-normalize'));
    const path = storage.path('models', initial);
    const tokenizerJson = await readTokenizerFile(join(path, 'tokenizer.json'));
    const start = await tensorsOf(path);
    const checkpoints = await Promise.all(
      [1, 3].map(async (shift) => {
        const tensors = start.map((tensor) => ({ ...tensor, data: tensor.data.map((value) => value + shift) }));
        const content = { spec: { ...spec, initialisation: initial }, tokenizerJson, tensors };
        return (await publishStaged(storage, 'models', (staged) => writeModelFolder(staged, content))).digest;
      }),
    );
    const plan = { method: 'delta-guided', parameters: { granularity: 'layer', power: 1, lambda: 1 } } as const;
    const fused = await fuse(storage, { plan, initial, checkpoints });
    expect(fused.dimension).toBe(8);
    const at = storage.path('models', fused.digest);
    const opened = await readModelFolder(at);
    await opened.close();
    expect(opened.spec).toEqual({ ...spec, initialisation: initial });
    // Every delta is 1 and 3 throughout, so the weights are 1/4 and 3/4: 1/4 * 1 + 3/4 * 3 = 2.5.
    for (const [i, { name, data }] of (await tensorsOf(at)).entries()) {
      const off = data.reduce((worst, value, j) => Math.max(worst, Math.abs(value - start[i].data[j] - 2.5)), 0);
      expect([name, off < 1e-5]).toEqual([name, true]);
    }
  });
});
