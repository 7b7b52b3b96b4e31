import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { importModel } from '../../src/authoring/import-model.ts';
import { readModelSpec } from '../../src/formats/model-folder.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { loadTokenizer } from '../../src/tokenizer/open.ts';
import { pipelineNames, pipelinePath } from '../formats/pipelines.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let storages = 0;
let storage: Storage;
beforeEach(() => {
  storage = openStorage(join(folder(), String(storages++)));
});

describe('importing a model', () => {
  it.each(pipelineNames)('publishes %s as theta_0, always the same', async (name) => {
    const done: number[] = [];
    const model = await importModel(storage, pipelinePath(name), { onTensor: (count) => done.push(count) });
    const found = await readModelSpec(pipelinePath(name));
    expect(model.spec).toEqual(found);
    const { family, architecture, maxLength } = found;
    const { vocabularySize } = architecture;
    expect(model).toMatchObject({ family, layers: 2, vocabularySize, maxLength });
    expect(done.length).toBe(modelParameters(found).length);
    expect(await readModelSpec(storage.path('models', model.digest))).toEqual(found);
    expect((await importModel(storage, pipelinePath(name))).digest).toBe(model.digest);
    expect((await importModel(storage, storage.path('models', model.digest))).digest).toBe(model.digest);
  });

  it('gives the length of the vectors that the pipeline makes', async () => {
    const dimensions = await Promise.all(
      pipelineNames.map(async (name) => (await importModel(storage, pipelinePath(name))).dimension),
    );
    expect(dimensions).toEqual([8, 16, 16, 16, 16, 16, 9, 16, 12, 16, 16]);
  });

  it('puts do_lower_case into the tokenizer', async () => {
    const { digest } = await importModel(storage, pipelinePath('weightedmean-lowercase'));
    const tokenizer = await loadTokenizer(join(storage.path('models', digest), 'tokenizer.json'));
    const [upper, lower] = await tokenizer.tokenize(['The PUMP', 'the pump']);
    expect(upper.ids).toEqual(lower.ids);
  });

  it("refuses a tokenizer that is not the model's, and one that is not there, and leaves nothing behind", async () => {
    const path = join(folder(), 'broken');
    await cp(pipelinePath('lasttoken'), path, { recursive: true });
    const file = join(path, 'tokenizer.json');
    const tokenizer = JSON.parse(await readFile(file, 'utf8')) as { model: { vocab: Record<string, number> } };
    tokenizer.model.vocab['extra'] = 26;
    await writeFile(file, JSON.stringify(tokenizer));
    await expect(importModel(storage, path)).rejects.toThrow(
      /tokenizer\.json: the token "extra" has the id 26, the encoder has 26 rows/,
    );
    await writeFile(file, '{}');
    await expect(importModel(storage, path)).rejects.toThrow(/The tokenizer .*tokenizer\.json cannot be read/);
    await rm(file);
    await expect(importModel(storage, path)).rejects.toThrow(/tokenizer\.json: the file is missing/);
    await expect(importModel(storage, join(path, 'absent'))).rejects.toThrow(
      /absent\/config\.json: the file is missing/,
    );
    const stop = AbortSignal.abort(new Error('enough'));
    await expect(importModel(storage, pipelinePath('cls-half'), { signal: stop })).rejects.toThrow('enough');
    expect(await readdir(storage.root, { recursive: true }).catch(() => [])).not.toContainEqual(
      expect.stringMatching(/safetensors/),
    );
  });
});
