import { describeFamily } from './describe-family.ts';

describeFamily('bert', {
  goldens: ['bert', 'bert-odd'],
  refusedConfigs: [
    ['bert', { quantization_config: {} }, 'quantization_config'],
    ['bert', { hidden_size: 1024 }, 'num_attention_heads'],
    ['bert', { position_embedding_type: 'relative_key' }, 'position_embedding_type'],
  ],
  refusedSizes: [
    [{ heads: 5 }, 'architecture.heads'],
    [{ width: 516 }, 'architecture.heads'],
  ],
  tensorNames: [
    ['bert.encoder.layer.0.output.dense.bias', 'encoder.layer.0.output.dense.bias'],
    ['embeddings.LayerNorm.gamma', 'embeddings.LayerNorm.weight'],
    ['cls.predictions.transform.LayerNorm.weight', undefined],
    ['bert.pooler.dense.bias', undefined],
    ['roberta.embeddings.LayerNorm.weight', 'roberta.embeddings.LayerNorm.weight'],
  ],
});
