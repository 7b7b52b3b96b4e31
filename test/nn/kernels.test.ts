/** What a model runs was compiled in advance: a kernel that was forgotten would stall the first step that needs it. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { encodeBatch } from '../../src/nn/encode.ts';
import { loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { commonKernels, encoderKernels } from '../../src/nn/kernels.ts';
import { Tape } from '../../src/nn/tape.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { testGpu } from '../device.ts';
import { modelTypes, openFamilyCase } from './family-case.ts';

/** The device with the names of all kernels that it is given to run. */
function watched(gpu: Gpu): { gpu: Gpu; ran: Set<string> } {
  const ran = new Set<string>();
  const dispatch: Gpu['dispatch'] = (kernel, call) => {
    ran.add(kernel.name);
    gpu.dispatch(kernel, call);
  };
  const proxy = new Proxy(gpu, {
    get: (target, key) => {
      const value: unknown = key === 'dispatch' ? dispatch : Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { gpu: proxy, ran };
}

describe('compilation in advance', () => {
  it.each(modelTypes)('covers %s', async (name) => {
    const { spec: family, texts, tensor } = await openFamilyCase(name);
    const { width } = family.architecture;
    const layer = { inFeatures: 2 * width, outFeatures: 2 * width, bias: true, activation: 'tanh' } as const;
    const spec: EncoderSpec = { ...family, pooling: ['mean', 'max'], dense: [layer] };
    const { gpu, ran } = watched(await testGpu());
    const source = {
      read: async (parameter: string, shape: readonly number[]) =>
        /^\d|^dense/.test(parameter)
          ? new Float32Array(shape.reduce((product, size) => product * size, 1))
          : tensor(`weights.${parameter}`),
    };
    const use = { training: true, dropout: true };
    const encoder = await loadEncoder(gpu, spec, source, use);
    const batch = makeBatch(gpu, texts);
    const tape = new Tape(gpu, true);
    const dropout = { rate: 0.1, attentionRate: 0.1, seed: 1, step: 1 };
    const { final } = encodeBatch(tape, encoder, batch, { task: 'ir', inner: false, dropout });
    tape.give(final, tape.lease('gradient', final.tensor.shape));
    tape.backward();
    tape.dispose();
    releaseBatch(gpu, batch);
    encoder.parameters.free();
    const compiled = new Set([...commonKernels(gpu.traits.form), ...encoderKernels(gpu, spec, use)].map((k) => k.name));
    expect(ran.size).toBeGreaterThan(15);
    expect([...ran].filter((kernel) => !compiled.has(kernel))).toEqual([]);
  });
});
