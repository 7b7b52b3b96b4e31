/** Whole pipelines against sentence-transformers: token ids, vectors, and gradients of every parameter. */
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { encodeBatch } from '../../src/nn/encode.ts';
import { Tape } from '../../src/nn/tape.ts';
import { expectClose, expectGradient, testGpu } from '../device.ts';
import {
  encodeCases,
  packed,
  pipelineNames,
  pipelinePath,
  recorded,
  recordedExport,
  tokenizeCases,
  withEncoder,
} from '../formats/pipelines.ts';
import { tolerances } from '../tolerances.ts';

describe.each(pipelineNames)('the pipeline %s', (name) => {
  const expected = recorded(name);

  it('reads texts as sentence-transformers does', async () => {
    const texts = await tokenizeCases(pipelinePath(name), expected);
    const excludes = expected.cases.map(({ promptLength }) => promptLength);
    expect(texts.map(({ ids }) => [...ids])).toEqual(expected.cases.map(({ ids }) => ids));
    await withEncoder(await testGpu(), pipelinePath(name), false, async (_, spec) => {
      expect(spec.maxLength).toBe(expected.maxLength);
      expect(texts.map(({ poolStart }) => poolStart)).toEqual(spec.includePrompt ? excludes.map(() => 0) : excludes);
    });
  });

  it('gives the same vectors', async () => {
    const vectors = await encodeCases(await testGpu(), pipelinePath(name), expected);
    expectClose(
      vectors,
      expected.cases.flatMap(({ vector }) => vector),
      tolerances.pipelineVectors,
      name,
    );
  });
});

describe.each(pipelineNames)('a checkpoint of %s that was trained here', (name) => {
  it('gives sentence-transformers our vectors', async () => {
    const path = pipelinePath(`exported-${name}`);
    const { cases } = recordedExport(name);
    const texts = await tokenizeCases(path, { cases });
    expect(texts.map(({ ids }) => [...ids])).toEqual(cases.map(({ ids }) => ids));
    const vectors = await encodeCases(await testGpu(), path, { cases });
    expectClose(
      vectors,
      cases.flatMap(({ vector }) => vector),
      tolerances.pipelineVectors,
      name,
    );
  });
});

describe.each(['mean-dense-normalize', 'max-mean-dense'])('the gradients of %s', (name) => {
  it('equal those of PyTorch, dense layers included', async () => {
    const gpu = await testGpu();
    const expected = recorded(name);
    const texts = packed(await tokenizeCases(pipelinePath(name), expected));
    const goldens = await openSafetensors(`${pipelinePath(name)}.gradients.safetensors`);
    await withEncoder(gpu, pipelinePath(name), true, async (encoder, { normalize }) => {
      const batch = makeBatch(gpu, texts);
      const tape = new Tape(gpu, true);
      encoder.parameters.clearGradients();
      const { final } = encodeBatch(tape, encoder, batch, { task: 'ir', inner: false, unit: normalize });
      const [B, D] = final.tensor.shape as [number, number];
      const gradient = tape.lease('gradient', [B, D]);
      gpu.write(
        gradient,
        Float32Array.from({ length: B * D }, (_, at) => Math.cos(1 + Math.floor(at / D) + 3 * (at % D))),
      );
      tape.give(final, gradient);
      tape.backward();
      const actual = new Map<string, Float32Array>();
      for await (const tensor of encoder.parameters.read('gradients')) actual.set(tensor.name, tensor.data);
      tape.dispose();
      releaseBatch(gpu, batch);
      expect(goldens.tensors.size).toBeGreaterThan(35);
      const unread = [...actual.keys()].filter((parameter) => !goldens.tensors.has(parameter));
      expect(unread).toEqual([]);
      let sum = 0;
      for (const parameter of actual.keys()) for (const g of await goldens.read(parameter)) sum += g * g;
      for (const [parameter, values] of actual) {
        expectGradient(values, await goldens.read(parameter), parameter, Math.sqrt(sum));
      }
    });
    await goldens.close();
  });
});
