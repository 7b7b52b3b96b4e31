/** Every family trains: however a batch is cut, the losses of step after step stay the same, under dropout too. */

import { describe, expect, it } from 'vitest';
import { type GivenParameters, readParameters, rowOf } from '../../src/catalog-parameters.ts';
import { type EncoderFamily, encoderCatalog } from '../../src/model/families/catalog.ts';
import { newArchitecture } from '../../src/model/new-architecture.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { train } from '../../src/train/loop.ts';
import { testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
const steps = 12;
const sizes = { layers: 2, width: 16, heads: 2, innerWidth: 32, maxPositions: 40 };

function specOf(family: EncoderFamily, changes: GivenParameters): EncoderSpec {
  const values = readParameters(rowOf(encoderCatalog, family, 'family'), { ...sizes, ...changes }, 'architecture');
  const architecture = newArchitecture(family, values, 50, 0);
  return { family, architecture, pooling: changes['causal'] === false ? 'mean' : 'lasttoken' };
}

const special: readonly [string, EncoderSpec][] = [
  ['xlm-roberta', { ...specOf('xlm-roberta', {}), pooling: 'mean' }],
  ['modernbert', { ...specOf('modernbert', { localAttention: 6, globalEvery: 2 }), pooling: 'mean' }],
  ['llama', specOf('llama', { keyValueHeads: 1 })],
  ['minicpm', minicpm()],
  ['qwen3', specOf('qwen3', { keyValueHeads: 1, headSize: 16 })],
];

/** Every family: with the settings above, or else with its defaults. */
const cases = [
  ...special,
  ...encoderCatalog
    .filter(({ name }) => special.every(([other]) => other !== name))
    .map(({ name }): [string, EncoderSpec] => [name, { ...specOf(name, {}), pooling: 'mean' }]),
];

function minicpm(): EncoderSpec {
  const spec = specOf('llama', { causal: false });
  return { ...spec, architecture: { ...spec.architecture, embeddingScale: 6, depthScale: 1.4 } };
}

/** The total loss of every step. */
async function losses(spec: EncoderSpec, microBatchTokens: number): Promise<number[]> {
  const settings = tinySettings({ maxBatches: steps, dropout: 0.1, attentionDropout: 0.1, microBatchTokens });
  const { input, storage } = await prepareTinyRun(folder(), settings, spec);
  const seen: number[] = [];
  await train(await testGpu(), storage, input, {
    signal: new AbortController().signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'step') seen.push(event.loss);
    },
  });
  return seen;
}

describe.each(cases)('training %s', (_name, spec) => {
  it('gives equal losses for whole batches and for small pieces', async () => {
    const whole = await losses(spec, 4096);
    const pieces = await losses(spec, 40);
    expect(whole.length).toBe(steps);
    whole.forEach((loss, step) => {
      expect(Math.abs(loss - pieces[step]!) / Math.max(1, Math.abs(loss))).toBeLessThanOrEqual(2e-5);
    });
  });
});
