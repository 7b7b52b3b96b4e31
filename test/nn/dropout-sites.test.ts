/** Which rate each dropout of ModernBERT has: transformers drops the attention's output by the rate of its weights. */
import { expect, it } from 'vitest';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { forwardPassOf } from '../../src/nn/encoders/index.ts';
import { Tape } from '../../src/nn/tape.ts';
import { testGpu } from '../device.ts';
import { openFamilyCase } from './family-case.ts';

/** The sites of a forward pass that drop channels, by what the tape records; those of attention weights are not. */
async function sitesWith(rate: number, attentionRate: number): Promise<string[]> {
  const { spec, texts, tensor } = await openFamilyCase('modernbert');
  const gpu = await testGpu();
  const source = { read: async (name: string) => tensor(`weights.${name}`) };
  const { parameters } = await loadEncoder(gpu, spec, source, { training: true, dropout: true });
  const batch = makeBatch(gpu, texts);
  const labels: string[] = [];
  const tape = new Tape(gpu, true, (kind, { label }) => kind === 'value' && labels.push(label));
  const dropout = { rate, attentionRate, seed: 3, step: 1 };
  forwardPassOf(spec.family).run(tape, parameters, spec, { batch, dropout, keepInner: true });
  tape.dispose();
  releaseBatch(gpu, batch);
  parameters.free();
  return labels.filter((label) => label.startsWith('dropout.'));
}

it('is that of attention weights behind the output layer, else that of activations', async () => {
  const { layers } = (await openFamilyCase('modernbert')).spec.architecture;
  const first = Array.from({ length: layers }, (_, i) => 1 + 3 * i);
  expect(await sitesWith(0.5, 0)).toEqual(['dropout.0', ...first.map((site) => `dropout.${site + 2}`)]);
  expect(await sitesWith(0, 0.5)).toEqual(first.map((site) => `dropout.${site + 1}`));
  expect(await sitesWith(0, 0)).toEqual([]);
});
