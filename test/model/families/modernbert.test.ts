import { expect, it } from 'vitest';
import { configOf, describeFamily, read } from './describe-family.ts';

describeFamily('modernbert', {
  goldens: ['modernbert', 'modernbert-biases', 'modernbert-odd', 'modernbert-padding'],
  refusedConfigs: [
    ['modernbert', { hidden_activation: 'silu' }, 'hidden_activation'],
    ['modernbert', { layer_types: ['sliding_attention', 'full_attention'] }, 'layer_types'],
    [
      'modernbert',
      { rope_parameters: { full_attention: { rope_type: 'yarn' } } },
      'rope_parameters.full_attention.rope_type',
    ],
    ['modernbert', { norm_bias: 'yes' }, 'norm_bias'],
    ['modernbert', { num_attention_heads: 32 }, 'num_attention_heads'],
    ['modernbert', { norm_eps: 2 }, 'norm_eps'],
  ],
  refusedSizes: [[{ width: 60, heads: 12 }, 'architecture.heads']],
  tensorNames: [
    ['model.layers.0.attn.Wqkv.weight', 'layers.0.attn.Wqkv.weight'],
    ['layers.0.attn.Wqkv.weight', 'layers.0.attn.Wqkv.weight'],
    ['head.dense.weight', undefined],
    ['decoder.bias', undefined],
  ],
});

it('reads bases, local attention and biases in old and new files', async () => {
  const thetas = { ropeTheta: 160_000, localRopeTheta: 10_000 };
  const today = read(await configOf('modernbert')).architecture;
  expect(today).toMatchObject({ ...thetas, localAttention: 11, globalEvery: 3, normBias: false });
  const old = { ropeTheta: 80_000, localRopeTheta: 5000, globalEvery: 2, normBias: true, attentionBias: true };
  expect(read(await configOf('modernbert-biases')).architecture).toMatchObject(old);
});

it('takes a null local_rope_theta for the global base, as transformers 4 does', async () => {
  const config = await configOf('modernbert-biases');
  expect(read({ ...config, local_rope_theta: null }).architecture.localRopeTheta).toBe(80_000);
  const { local_rope_theta: _, ...absent } = config;
  expect(read(absent).architecture.localRopeTheta).toBe(10_000);
});
