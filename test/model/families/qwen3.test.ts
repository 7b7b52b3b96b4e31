import { expect, it } from 'vitest';
import { configOf, describeFamily, newModel, read } from './describe-family.ts';

describeFamily('qwen3', {
  goldens: ['qwen3', 'qwen3-bidirectional', 'qwen3-odd', 'qwen3-yarn', 'qwen3-padding', 'qwen3-padding-absent'],
  refusedConfigs: [['qwen3', { use_sliding_window: true, sliding_window: 32 }, 'sliding_window']],
  refusedSizes: [[{ headSize: 127 }, 'architecture.headSize']],
  tensorNames: [
    ['model.layers.0.self_attn.q_norm.weight', 'layers.0.self_attn.q_norm.weight'],
    ['norm.weight', 'norm.weight'],
    ['score.weight', undefined],
  ],
});

it('reads the head size', async () => {
  const { architecture } = read(await configOf('qwen3'));
  expect(architecture).toMatchObject({ causal: true, headSize: 16, ropeTheta: 1_000_000 });
});

it('reads a config that names a window and does not use it', async () => {
  const config = await configOf('qwen3');
  expect(read({ ...config, sliding_window: 4096, use_sliding_window: false })).toEqual(read(config));
});

it('gives a new model the sizes asked for', () => {
  const architecture = newModel('qwen3', { headSize: 32, keyValueHeads: 2, causal: false });
  expect(architecture).toMatchObject({ headSize: 32, keyValueHeads: 2, causal: false });
});
