/** config.json of every family: read as transformers writes it, written as it reads it, refused where it cannot be honoured. */
import { describe, expect, it } from 'vitest';
import { type EncoderFamily, encoderCatalog } from '../../src/model/families/catalog.ts';
import { readConfig, writeConfig } from '../../src/model/families/config-json.ts';
import { newArchitecture } from '../../src/model/new-architecture.ts';
import { encoderParameters } from '../../src/model/parameter-shapes.ts';
import { openFamilyCase } from '../nn/family-case.ts';

type Fields = Readonly<Record<string, unknown>>;
const read = (fields: Fields) => readConfig({ path: 'config.json', fields });

const goldens: readonly [string, EncoderFamily][] = [
  ['bert', 'bert'],
  ['xlm-roberta', 'xlm-roberta'],
  ['modernbert', 'modernbert'],
  ['modernbert-biases', 'modernbert'],
  ['llama', 'llama'],
  ['llama-bidirectional', 'llama'],
  ['minicpm', 'llama'],
  ['qwen3', 'qwen3'],
  ['qwen3-bidirectional', 'qwen3'],
  ['llama-linear', 'llama'],
  ['llama-llama3', 'llama'],
  ['qwen3-yarn', 'qwen3'],
];

describe('config.json', () => {
  it.each(goldens)('of the golden %s is read and comes back from what is written', async (name, family) => {
    const { config } = await openFamilyCase(name);
    const first = read(config);
    expect(first.family).toBe(family);
    const written = writeConfig(family, first.architecture, 0) as Fields;
    expect(read(JSON.parse(JSON.stringify(written)) as Fields)).toEqual(first);
    expect(written['model_type']).toBe(config['model_type']);
  });

  it('says what decides the numbers', async () => {
    const of = async (name: string) => read((await openFamilyCase(name)).config).architecture;
    expect(await of('xlm-roberta')).toMatchObject({ positionOffset: 2, maxPositions: 74, typeVocabularySize: 1 });
    const thetas = { ropeTheta: 160_000, localRopeTheta: 10_000 };
    expect(await of('modernbert')).toMatchObject({ ...thetas, localAttention: 11, globalEvery: 3, normBias: false });
    const old = { ropeTheta: 80_000, localRopeTheta: 5000, globalEvery: 2, normBias: true, attentionBias: true };
    expect(await of('modernbert-biases')).toMatchObject(old);
    expect(await of('llama')).toMatchObject({ causal: true, keyValueHeads: 2, headSize: 8, ropeTheta: 10_000 });
    expect(await of('llama-bidirectional')).toMatchObject({ causal: false, headSize: 16, ropeTheta: 500_000 });
    expect(await of('minicpm')).toMatchObject({ causal: false, embeddingScale: 12, depthScale: 1.4 });
    expect(await of('qwen3')).toMatchObject({ causal: true, headSize: 16, ropeTheta: 1_000_000 });
  });

  it('takes RoBERTa and CamemBERT for XLM-R', async () => {
    const { config } = await openFamilyCase('xlm-roberta');
    for (const model_type of ['roberta', 'camembert']) {
      expect(read({ ...config, model_type })).toEqual(read(config));
    }
  });

  it.each<[string, Fields, string]>([
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
    ['llama', { hidden_act: 'gelu' }, 'hidden_act'],
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
    ['qwen3', { use_sliding_window: true, sliding_window: 32 }, 'sliding_window'],
    ['bert', { quantization_config: {} }, 'quantization_config'],
    ['bert', { hidden_size: 1024 }, 'num_attention_heads'],
    ['bert', { position_embedding_type: 'relative_key' }, 'position_embedding_type'],
    ['xlm-roberta', { max_position_embeddings: 2 }, 'max_position_embeddings'],
  ])('of %s is refused with %j', async (name, changes, field) => {
    const { config } = await openFamilyCase(name);
    const refused = () => read({ ...config, ...changes });
    expect(refused).toThrow(`config.json: ${field.split('.').at(-1) === 'rope_theta' ? 'rope_theta' : field} is `);
    expect(refused).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it('finds stretched angles in every place and form', async () => {
    const { config } = await openFamilyCase('llama');
    const of = (changes: Fields) => {
      const { ropeTheta, ropeScaling } = read({ ...config, rope_parameters: null, ...changes }).architecture;
      return { ropeTheta, ...ropeScaling };
    };
    const linear = { ropeTheta: 5000, type: 'linear', factor: 4 };
    expect(of({ rope_theta: 5000, rope_scaling: { type: 'linear', factor: 4 } })).toEqual(linear);
    expect(of({ rope_parameters: { rope_type: 'linear', factor: 4, rope_theta: 5000 } })).toEqual(linear);
    // What stands within the settings comes before what stands beside them.
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
  ])('of a Llama with the angles %j is refused', async (rope_scaling, message) => {
    const { config } = await openFamilyCase('llama');
    expect(() => read({ ...config, rope_scaling })).toThrow(`config.json, rope_scaling: ${message}`);
  });

  it("takes ModernBERT's null for the global base, as transformers 4 does", async () => {
    const { config } = await openFamilyCase('modernbert-biases');
    expect(read({ ...config, local_rope_theta: null }).architecture.localRopeTheta).toBe(80_000);
    const { local_rope_theta: _, ...absent } = config;
    expect(read(absent).architecture.localRopeTheta).toBe(10_000);
  });

  it('reads a Qwen3 that names a window it does not use', async () => {
    const { config } = await openFamilyCase('qwen3');
    expect(read({ ...config, sliding_window: 4096, use_sliding_window: false })).toEqual(read(config));
  });
});

describe('a new model', () => {
  const values = (family: EncoderFamily, changes: Readonly<Record<string, number>> = {}) => {
    const row = encoderCatalog.find(({ name }) => name === family)!;
    return { ...Object.fromEntries(row.parameters.map((p) => [p.name, Number(p.default)])), ...changes };
  };

  it.each(encoderCatalog.map(({ name }) => name))('of the family %s can be written and read', (family) => {
    const architecture = newArchitecture(family, values(family), 100, 0);
    const written = writeConfig(family, architecture, 0) as Fields;
    expect(read(written)).toEqual({ family, architecture });
    expect(encoderParameters(family, architecture).length).toBeGreaterThan(10);
  });

  it('has the sizes asked for', () => {
    const qwen3 = newArchitecture('qwen3', values('qwen3', { headSize: 32, keyValueHeads: 2, causal: 0 }), 100, 0);
    expect(qwen3).toMatchObject({ headSize: 32, keyValueHeads: 2, causal: false });
    expect(newArchitecture('xlm-roberta', values('xlm-roberta'), 100, 3)).toMatchObject({ maxPositions: 516 });
  });

  it.each<[EncoderFamily, Record<string, number>, string]>([
    ['bert', { heads: 5 }, 'architecture.heads'],
    ['llama', { keyValueHeads: 3 }, 'architecture.keyValueHeads'],
    ['modernbert', { width: 60, heads: 12 }, 'architecture.heads'],
    ['qwen3', { headSize: 127 }, 'architecture.headSize'],
    ['bert', { width: 516 }, 'architecture.heads'],
  ])('%s with %j is refused by name', (family, changes, field) => {
    expect(() => newArchitecture(family, values(family, changes), 100, 0)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field }) }),
    );
  });
});
