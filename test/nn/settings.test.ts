/** Every setting of a model's own files: the vectors of sentence-transformers. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectClose, testGpu } from '../device.ts';
import { encodeCases } from '../formats/pipelines.ts';
import { outcomeOf, settingsCases, settingsTexts, writeCase } from '../formats/settings.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tolerances } from '../tolerances.ts';

const folder = temporaryFolder();
let folders = 0;
const ofModel = settingsCases.filter(
  ({ files, refused }) => refused === undefined && ('config.json' in files || 'sentence_bert_config.json' in files),
);

describe('settings of another program', () => {
  it.each(ofModel)('$name', async (settings) => {
    const path = join(folder(), String(folders++));
    await writeCase(path, settings);
    const { vectors } = outcomeOf(settings);
    const cases = settingsTexts.slice(0, vectors.length).map((text) => ({ prompt: '', text }));
    expectClose(
      await encodeCases(await testGpu(), path, { cases }),
      vectors.flat(),
      tolerances.pipelineVectors,
      settings.name,
    );
  });

  it('change vectors here and there', () => {
    expect(ofModel.filter(({ vectors }) => vectors !== undefined).length).toBeGreaterThan(10);
  });
});
