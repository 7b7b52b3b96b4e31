/** The run of a candidate: what of the search's settings a configuration changes. */
import { expect, it } from 'vitest';
import { configuredRun } from '../../../src/jobs/architecture-search/configured.ts';
import { noHeads } from '../../../src/model/types.ts';
import { defaultRunSettings } from '../../../src/train/catalog.ts';

const settings = { ...defaultRunSettings, dropout: 0, attentionDropout: 0, epochs: 5 };
const asked = { name: 'x', settings, datasets: [{ datasetId: 'd', weight: 2 }], devSets: [], teacherId: 't' };
const candidate = (changes: object) => ({
  number: 4,
  modelId: 'm',
  configuration: { innerLayer: null, lossWeights: [], pooling: ['cls'] as const, heads: noHeads, ...changes },
});

it('is that of the search at as many updates, where the configuration changes nothing', () => {
  const run = configuredRun(asked, candidate({}), { number: 1, steps: 17 });
  expect(run).toEqual({
    name: 'x, rung 2, candidate 4',
    ...{ modelId: 'm', teacherId: 't', startId: null, from: null, devSets: [] },
    datasets: [{ datasetId: 'd', weight: 2, losses: null }],
    settings: { ...settings, maxBatches: 17 },
  });
});

it('has the weights and the inner layer of the configuration, and nothing else of its own', () => {
  const lossWeights = [
    { task: 'sts', loss: 'pro', weight: 3 },
    { task: 'ir', loss: 'infonce', weight: 0.25 },
  ];
  const run = configuredRun(asked, candidate({ lossWeights, innerLayer: 7 }), { number: 0, steps: 2 });
  const weights = (task: 'ir' | 'sts') => run.settings.losses[task].map(({ loss, weight }) => [loss, weight]);
  expect(weights('ir')).toEqual([['infonce', 0.25]]);
  expect(weights('sts')).toEqual([
    ['pearson', 2],
    ['pro', 3],
    ['rank-kl', 5],
    ['inner-infonce', 1],
  ]);
  const [inner] = run.settings.losses.sts.filter(({ loss }) => loss === 'inner-infonce');
  expect(inner!.parameters).toEqual({ temperature: 0.02, threshold: 1, layer: 7 });
  expect({ ...run.settings, losses: settings.losses }).toEqual({ ...settings, maxBatches: 2 });
});
