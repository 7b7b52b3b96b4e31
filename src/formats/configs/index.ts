/** config.json by family: which model_type is which family, how it is read and written. */
import { badInput, type TandemError } from '../../errors.ts';
import type { EncoderFamily } from '../../model/families/catalog.ts';
import type { JsonFile } from '../../model/json-fields.ts';
import type { Architecture } from '../../model/types.ts';
import { bertConfig, readBertConfig } from './bert.ts';
import { llamaConfig, readLlamaConfig, readMiniCpmConfig } from './llama.ts';
import { modernBertConfig, readModernBertConfig } from './modernbert.ts';
import { qwen3Config, readQwen3Config } from './qwen3.ts';
import { readXlmRobertaConfig, xlmRobertaConfig } from './xlm-roberta.ts';

interface ModelType {
  readonly family: EncoderFamily;
  read(file: JsonFile): Architecture;
}

/** RoBERTa and CamemBERT are XLM-R with another tokenizer; MiniCPM is Llama with scalings. */
const modelTypes: Readonly<Record<string, ModelType>> = {
  bert: { family: 'bert', read: readBertConfig },
  'xlm-roberta': { family: 'xlm-roberta', read: readXlmRobertaConfig },
  roberta: { family: 'xlm-roberta', read: readXlmRobertaConfig },
  camembert: { family: 'xlm-roberta', read: readXlmRobertaConfig },
  modernbert: { family: 'modernbert', read: readModernBertConfig },
  llama: { family: 'llama', read: readLlamaConfig },
  minicpm: { family: 'llama', read: readMiniCpmConfig },
  qwen3: { family: 'qwen3', read: readQwen3Config },
};

const writers: Readonly<Record<EncoderFamily, (architecture: Architecture, padTokenId: number) => object>> = {
  bert: bertConfig,
  'xlm-roberta': xlmRobertaConfig,
  modernbert: modernBertConfig,
  llama: llamaConfig,
  qwen3: qwen3Config,
};

/** Refuses families that are not known, and whatever the family's encoder would not honour. */
export function readConfig(file: JsonFile): { family: EncoderFamily; architecture: Architecture } {
  const type = file.fields['model_type'];
  const found = typeof type === 'string' && Object.hasOwn(modelTypes, type) ? modelTypes[type] : undefined;
  if (found === undefined) throw unknownFamily(file, type);
  return { family: found.family, architecture: found.read(file) };
}

const unknownFamily = ({ path }: JsonFile, type: unknown): TandemError =>
  badInput(`${path}: the model family ${JSON.stringify(type)} is not known`, {
    field: 'model_type',
    expected: Object.keys(modelTypes).join(', '),
    remedy: 'Choose a model of a known family.',
  });

/** config.json of an encoder. `padTokenId` is the tokenizer's. */
export const writeConfig = (family: EncoderFamily, architecture: Architecture, padTokenId: number): object =>
  writers[family](architecture, padTokenId);
