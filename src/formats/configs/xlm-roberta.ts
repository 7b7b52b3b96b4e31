/** transformers' config.json of XLM-R and RoBERTa, both ways: BERT's fields, and positions that count from pad_token_id + 1. */

import { integerField, type JsonFile, wrongField } from '../../model/json-fields.ts';
import type { Architecture } from '../../model/types.ts';
import { bertConfig, readBertConfig } from './bert.ts';

export function readXlmRobertaConfig(file: JsonFile): Architecture {
  const architecture = readBertConfig(file);
  const positionOffset = integerField(file, 'pad_token_id', 0, 1) + 1;
  if (architecture.maxPositions <= positionOffset) {
    const { maxPositions } = architecture;
    throw wrongField(
      file.path,
      'max_position_embeddings',
      maxPositions,
      `more than pad_token_id + 1, ${positionOffset}`,
    );
  }
  return { ...architecture, positionOffset };
}

/** The id that positions count from decides, whatever the tokenizer says of its padding. */
export const xlmRobertaConfig = (architecture: Architecture) => ({
  ...bertConfig(architecture, (architecture.positionOffset ?? 1) - 1),
  architectures: ['XLMRobertaModel'],
  model_type: 'xlm-roberta',
});
