/** Which class of transformers reads a tokenizer. It decides which settings win over tokenizer.json. */
import { wrongField } from '../../model/json-fields.ts';
import type { ForeignTokenizer } from './types.ts';

/** The class of each model_type where no file names one; types without a row take tokenizer.json as it stands. */
const classOfType: Readonly<Record<string, string>> = {
  bert: 'BertTokenizer',
  camembert: 'CamembertTokenizer',
  qwen3: 'Qwen2Tokenizer',
  roberta: 'RobertaTokenizer',
  'xlm-roberta': 'XLMRobertaTokenizer',
};

/**
 * The class by its name in transformers 5, without the `Fast` of older ones. tokenizer_config.json takes precedence
 * over config.json, and both over the model_type.
 */
export function tokenizerClassOf({ config, modelClass, modelType }: ForeignTokenizer): string | undefined {
  // Its published models name wrong classes, so transformers 5 takes no notice of them.
  if (modelType === 'modernbert') return undefined;
  const given = config.fields['tokenizer_class'] ?? modelClass ?? classOfType[modelType];
  if (given === undefined) return undefined;
  if (typeof given !== 'string') throw wrongField(config.path, 'tokenizer_class', given, 'the name of a class');
  return given.replace(/Fast$/, '');
}
