/** A run whose loss needs the scores of a teacher, and data that has none. */
import { expect, it } from 'vitest';
import { plainPipeline } from '../../src/model/types.ts';
import type { TokenizedSplit } from '../../src/tokens/types.ts';
import { defaultRunSettings } from '../../src/train/catalog.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { planRun } from '../../src/train/plan.ts';
import { testGpu } from '../device.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();

it('is refused, and planned where one data set has them', async () => {
  const losses = {
    ...defaultRunSettings.losses,
    ir: [{ loss: 'score-distillation', weight: 1, parameters: {} }],
  } as const;
  const settings = tinySettings({ losses });
  const { storage, input } = await prepareTinyRun(folder(), settings);
  const spec = {
    ...plainPipeline,
    ...tinySpec(),
    includePrompt: true,
    maxLength: 32,
    prompts: {},
    initialisation: null,
  };
  const model = { ...spec, templates: { query: '', sts: '', passage: '' } };
  const data = await loadTrainingData(storage, input.datasets, model);
  const untaught = data.map(({ dataset, file }) => ({
    dataset,
    file: { ...file, splits: { ...file.splits, train: withoutScores(file.splits.train) } },
  }));
  const gpu = await testGpu();
  expect(planRun(gpu, model, settings, data).steps).toBe(14);
  expect(planRun(gpu, model, settings, [...untaught, data[0]!]).steps).toBe(20);
  expect(() => planRun(gpu, model, settings, untaught)).toThrow(
    expect.objectContaining({
      code: 'BAD_USER_INPUT',
      details: expect.objectContaining({ field: 'settings.losses.ir' }),
    }),
  );
  expect(planRun(gpu, model, tinySettings(), untaught).steps).toBe(14);
});

function withoutScores({ positives, negatives, ...split }: TokenizedSplit): TokenizedSplit {
  const bare = ({ starts, values, scores }: TokenizedSplit['positives']) => ({ starts, values, scores });
  return { ...split, positives: bare(positives), negatives: bare(negatives) };
}
