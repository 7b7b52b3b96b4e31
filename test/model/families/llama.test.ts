import { describe, expect, it } from 'vitest';
import { configOf, describeFamily, read } from './describe-family.ts';

type Fields = Readonly<Record<string, unknown>>;

describeFamily('llama', {
  goldens: [
    'llama',
    'llama-bidirectional',
    'minicpm',
    'llama-linear',
    'llama-llama3',
    'llama-padding-null',
    'llama-padding-negative',
  ],
  refusedConfigs: [
    ['llama', { hidden_act: 'gelu' }, 'hidden_act'],
    ['llama', { pad_token_id: -97 }, 'pad_token_id'],
    ['llama', { num_key_value_heads: 3 }, 'num_key_value_heads'],
    ['llama', { head_dim: null, num_key_value_heads: null, num_attention_heads: 5 }, 'num_attention_heads'],
    ['llama', { head_dim: 7 }, 'head_dim'],
    ['llama', { head_dim: 130 }, 'head_dim'],
    ['llama', { head_dim: null, hidden_size: 12 }, 'num_attention_heads'],
    ['llama', { rope_scaling: { type: 'dynamic', factor: 2 } }, 'rope_scaling.rope_type'],
    ['llama', { rope_parameters: { rope_type: 'longrope' } }, 'rope_parameters.rope_type'],
    ['llama', { rope_scaling: [4] }, 'rope_scaling'],
    ['llama', { rope_parameters: { partial_rotary_factor: 0.5 } }, 'rope_parameters.partial_rotary_factor'],
    ['llama', { partial_rotary_factor: 0.5 }, 'partial_rotary_factor'],
    ['llama', { rope_parameters: { rope_theta: -1 } }, 'rope_theta'],
    ['llama', { sliding_window: 64 }, 'sliding_window'],
    ['llama', { layer_types: ['sliding_attention'] }, 'layer_types'],
    ['llama', { quantization_config: { bits: 4 } }, 'quantization_config'],
    ['llama', { is_causal: 'no' }, 'is_causal'],
    ['minicpm', { num_experts: 8 }, 'num_experts'],
    ['minicpm', { scale_emb: 0 }, 'scale_emb'],
  ],
  refusedSizes: [[{ keyValueHeads: 3 }, 'architecture.keyValueHeads']],
  tensorNames: [
    ['model.embed_tokens.weight', 'embed_tokens.weight'],
    ['model.layers.1.self_attn.rotary_emb.inv_freq', undefined],
    ['lm_head.weight', undefined],
  ],
});

it('reads heads, mask, base and scalings', async () => {
  const of = async (golden: string) => read(await configOf(golden)).architecture;
  expect(await of('llama')).toMatchObject({ causal: true, keyValueHeads: 2, headSize: 8, ropeTheta: 10_000 });
  expect(await of('llama-bidirectional')).toMatchObject({ causal: false, headSize: 16, ropeTheta: 500_000 });
  expect(await of('minicpm')).toMatchObject({ causal: false, embeddingScale: 12, depthScale: 1.4 });
});

describe('scaled rotary angles', () => {
  it('are found in every place and form', async () => {
    const config = await configOf('llama');
    const of = (changes: Fields) => {
      const { ropeTheta, ropeScaling } = read({ ...config, rope_parameters: null, ...changes }).architecture;
      return { ropeTheta, ...ropeScaling };
    };
    const linear = { ropeTheta: 5000, type: 'linear', factor: 4 };
    expect(of({ rope_theta: 5000, rope_scaling: { type: 'linear', factor: 4 } })).toEqual(linear);
    expect(of({ rope_parameters: { rope_type: 'linear', factor: 4, rope_theta: 5000 } })).toEqual(linear);
    // A base within the settings takes precedence over one beside them.
    expect(of({ rope_theta: 1, rope_scaling: { type: 'linear', factor: 4, rope_theta: 5000 } })).toEqual(linear);
    expect(of({ rope_scaling: { type: 'default' } })).toEqual({ ropeTheta: 10_000 });
    const yarn = (changes: Fields) => of({ rope_scaling: { rope_type: 'yarn', factor: 4, ...changes } });
    const ramp = { ropeTheta: 10_000, type: 'yarn', factor: 4, betaFast: 32, betaSlow: 1, truncate: true };
    expect(yarn({})).toEqual({ ...ramp, originalPositions: 128, attentionFactor: 0.1 * Math.log(4) + 1 });
    expect(yarn({ factor: null, original_max_position_embeddings: 32 })).toMatchObject({
      factor: 4,
      originalPositions: 32,
    });
    expect(yarn({ attention_factor: 0.5, truncate: false })).toMatchObject({ attentionFactor: 0.5, truncate: false });
    const both = (0.07 * Math.log(4) + 1) / (0.12 * Math.log(4) + 1);
    expect(yarn({ mscale: 0.7, mscale_all_dim: 1.2 })['attentionFactor' as never]).toBeCloseTo(both, 12);
  });

  it.each<[Fields, string]>([
    [{ rope_type: 'linear' }, 'factor is missing'],
    [{ rope_type: 'linear', factor: 0 }, 'factor is 0'],
    [{ rope_type: 'llama3', factor: 8, low_freq_factor: 1 }, 'high_freq_factor is missing'],
    [{ rope_type: 'yarn', factor: 4, truncate: 1 }, 'truncate is 1'],
  ])('of the form %j are refused', async (rope_scaling, message) => {
    const config = await configOf('llama');
    expect(() => read({ ...config, rope_scaling })).toThrow(`config.json, rope_scaling: ${message}`);
  });
});
