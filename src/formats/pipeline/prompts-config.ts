/** config_sentence_transformers.json: prompts and the similarity function. */

import { choiceField, isObject, type JsonFile, wrongField } from '../../model/json-fields.ts';
import { type ModelSpec, type Similarity, similarities } from '../../model/types.ts';
import { wrongFile } from '../json-file.ts';

export type PromptsConfig = Pick<ModelSpec, 'prompts' | 'defaultPromptName' | 'similarity'>;

/** Names that every model has in sentence-transformers; without an entry their prompts are empty. */
const usualNames: readonly string[] = ['query', 'document'];

/** `file` is undefined if the model has none: no prompts, cosine. */
export function readPromptsConfig(file: JsonFile | undefined): PromptsConfig {
  if (!file) return { prompts: {}, defaultPromptName: null, similarity: 'cosine' };
  choiceField(file, 'model_type', ['SentenceTransformer']);
  choiceField(file, 'truncate_dim', [null]);
  const named = readPrompts(file);
  const name = file.fields['default_prompt_name'] ?? null;
  const isKnown = typeof name === 'string' && (Object.hasOwn(named, name) || usualNames.includes(name));
  if (name !== null && !isKnown) {
    const known = [...new Set([...Object.keys(named), ...usualNames])].join(', ');
    throw wrongField(file.path, 'default_prompt_name', name, `null or one of ${known}`);
  }
  // text-embeddings-inference wants an entry for it.
  const prompts = isKnown && !Object.hasOwn(named, name) ? { ...named, [name]: '' } : named;
  choiceField(file, 'similarity_fn_name', [null, ...similarities]);
  return {
    prompts,
    defaultPromptName: name,
    similarity: (file.fields['similarity_fn_name'] ?? 'cosine') as Similarity,
  };
}

function readPrompts(file: JsonFile): Readonly<Record<string, string>> {
  const prompts = file.fields['prompts'] ?? {};
  if (!isObject(prompts)) throw wrongFile(file.path, 'prompts is not a map from name to text');
  // A prompt may be null, which means empty.
  const texts = Object.entries(prompts).map(([name, prompt]) => [name, prompt ?? '']);
  const wrong = texts.find(([, prompt]) => typeof prompt !== 'string');
  if (wrong) throw wrongFile(file.path, `prompts is not a map from name to text: ${wrong[0]}`);
  return Object.fromEntries(texts) as Readonly<Record<string, string>>;
}

/** Keys sorted, as sentence-transformers writes them. */
export const promptsConfigJson = ({ prompts, defaultPromptName, similarity }: PromptsConfig) => ({
  // The version that writes this form. A version newer than the reader's would only cause a warning.
  __version__: { pytorch: '2.8.0', sentence_transformers: '5.1.0', transformers: '4.56.0' },
  default_prompt_name: defaultPromptName,
  model_type: 'SentenceTransformer',
  prompts,
  similarity_fn_name: similarity,
});
