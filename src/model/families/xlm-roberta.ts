/**
 * XLM-R (Conneau et al. 2019, arXiv 1911.02116) and RoBERTa: BERT's blocks and parameter names. Positions count from
 * pad_token_id + 1; a padding token within a text has the row pad_token_id and is not counted, as in transformers.
 * RoBERTa and CamemBERT are XLM-R with another tokenizer.
 */
import { integerField, type JsonFile, wrongField } from '../json-fields.ts';
import type { Architecture, ArchitectureValues } from '../types.ts';
import { bert, readBertConfig, writeBertConfig } from './bert.ts';
import type { Family } from './family.ts';

const defaultPadTokenId = 1;

export const xlmRoberta = {
  forward: 'bert',
  parameters: bert.parameters,
  tensorNames: { ...bert.tensorNames, prefixes: ['roberta.', 'xlm-roberta.', 'camembert.'] },
  configReaders: { 'xlm-roberta': readConfig, roberta: readConfig, camembert: readConfig },
  defaultPadTokenId,
  writeConfig: (architecture, dropout) => ({
    ...writeBertConfig(architecture, dropout),
    architectures: ['XLMRobertaModel'],
    model_type: 'xlm-roberta',
  }),
  newArchitecture: ({ sizes, padTokenId }) => {
    const positionOffset = padTokenId + 1;
    const maxPositions = sizes.maxPositions + positionOffset;
    return { ...sizes, maxPositions, positionOffset, typeVocabularySize: 1, layerNormEpsilon: 1e-5 };
  },
} as const satisfies Family<ArchitectureValues<'xlm-roberta'>>;

function readConfig(file: JsonFile): Architecture {
  const architecture = readBertConfig(file);
  const { maxPositions } = architecture;
  const positionOffset = integerField(file, 'pad_token_id', 0, defaultPadTokenId) + 1;
  if (maxPositions <= positionOffset) {
    const expected = `more than pad_token_id + 1, ${positionOffset}`;
    throw wrongField(file.path, 'max_position_embeddings', maxPositions, expected);
  }
  return { ...architecture, positionOffset };
}
