import { expect, it } from 'vitest';
import { configOf, describeFamily, newModel, read } from './describe-family.ts';

describeFamily('xlm-roberta', {
  goldens: ['xlm-roberta', 'xlm-roberta-padding'],
  refusedConfigs: [['xlm-roberta', { max_position_embeddings: 2 }, 'max_position_embeddings']],
  refusedSizes: [[{ heads: 5 }, 'architecture.heads']],
  tensorNames: [
    ['roberta.embeddings.LayerNorm.weight', 'embeddings.LayerNorm.weight'],
    ['camembert.encoder.layer.1.output.LayerNorm.beta', 'encoder.layer.1.output.LayerNorm.bias'],
    ['roberta.embeddings.position_ids', undefined],
    ['lm_head.layer_norm.weight', undefined],
    ['roberta.lm_head.bias', undefined],
  ],
});

it('reads where positions begin', async () => {
  const { architecture } = read(await configOf('xlm-roberta'));
  expect(architecture).toMatchObject({ positionOffset: 2, maxPositions: 74, typeVocabularySize: 1 });
});

it('takes RoBERTa and CamemBERT for XLM-R', async () => {
  const config = await configOf('xlm-roberta');
  for (const model_type of ['roberta', 'camembert']) {
    expect(read({ ...config, model_type })).toEqual(read(config));
  }
});

it('gives a new model position rows for the padding and what stands before it', () => {
  expect(newModel('xlm-roberta', {}, 3)).toMatchObject({ maxPositions: 516 });
});
