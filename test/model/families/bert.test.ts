import { describeFamily } from './describe-family.ts';

describeFamily('bert', {
  goldens: ['bert', 'bert-odd', 'bert-padding', 'bert-padding-absent'],
  refusedConfigs: [
    ['bert', { quantization_config: {} }, 'quantization_config'],
    ['bert', { hidden_size: 1024 }, 'num_attention_heads'],
    ['bert', { pad_token_id: 96 }, 'pad_token_id'],
    ['bert', { pad_token_id: '[PAD]' }, 'pad_token_id'],
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
