/**
 * The files that make a folder a sentence-transformers model. Written in the old form, which sentence-transformers 5 and 6
 * and text-embeddings-inference all read; read in the old and the new form.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PromptTemplates } from '../data/types.ts';
import { type PoolingMode, poolingModes } from '../nn/encoders/catalog.ts';
import {
  integerField,
  isObject,
  type JsonFile,
  readJson,
  readJsonIfPresent,
  writeJson,
  wrongField,
  wrongFile,
} from './json-file.ts';
import { readModules } from './modules-file.ts';
import { fillTemplate } from './templates.ts';
import type { ModelSpec } from './types.ts';

/** Old boolean keys of 1_Pooling/config.json, and the one mode each stands for; undefined = not offered. */
const legacyModes: Readonly<Record<string, PoolingMode | undefined>> = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_max_tokens: undefined,
  pooling_mode_mean_sqrt_len_tokens: undefined,
  pooling_mode_weightedmean_tokens: 'weightedmean',
  pooling_mode_lasttoken: 'lasttoken',
};

export interface Pipeline {
  readonly pooling: PoolingMode;
  readonly includePrompt: boolean;
  /** Absent where no file says so. */
  readonly maxLength: number | undefined;
  /** Prompts by name. */
  readonly prompts: Readonly<Record<string, string>>;
}

// ---- writing -----------------------------------------------------------------------------------------------------

/** Task instructions that templates are filled with; absent = empty. */
export type TaskInstructions = Partial<Readonly<Record<keyof PromptTemplates, string>>>;

export async function writePipeline(folder: string, spec: ModelSpec, tasks: TaskInstructions): Promise<void> {
  await mkdir(join(folder, '1_Pooling'), { recursive: true });
  await mkdir(join(folder, '2_Normalize'), { recursive: true });
  await writeJson(join(folder, 'modules.json'), [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
  ]);
  await writeJson(join(folder, '1_Pooling', 'config.json'), {
    word_embedding_dimension: spec.architecture.width,
    ...Object.fromEntries(Object.entries(legacyModes).map(([key, mode]) => [key, mode === spec.pooling])),
    include_prompt: spec.includePrompt,
  });
  await writeJson(join(folder, 'sentence_bert_config.json'), { max_seq_length: spec.maxLength, do_lower_case: false });
  await writeJson(join(folder, 'config_sentence_transformers.json'), {
    // The version whose form this is; a newer one than the reader's would only make it warn.
    __version__: { pytorch: '2.8.0', sentence_transformers: '5.1.0', transformers: '4.56.0' },
    default_prompt_name: null,
    model_type: 'SentenceTransformer',
    prompts: filledPrompts(spec.templates, tasks),
    similarity_fn_name: 'cosine',
  });
}

/** `document` and `passage` are the same: sentence-transformers' encode_document takes `document` first, and makes an empty one. */
const filledPrompts = ({ query, sts, passage }: PromptTemplates, tasks: TaskInstructions) => ({
  document: fillTemplate(passage, tasks.passage ?? ''),
  passage: fillTemplate(passage, tasks.passage ?? ''),
  query: fillTemplate(query, tasks.query ?? ''),
  sts: fillTemplate(sts, tasks.sts ?? ''),
});

// ---- reading -----------------------------------------------------------------------------------------------------

export async function readPipeline(folder: string): Promise<Pipeline> {
  const modules = await readModules(join(folder, 'modules.json'));
  const [transformer, pooling, normalize] = modules.map(({ type }) => type.split('.').at(-1));
  if (transformer !== 'Transformer' || pooling !== 'Pooling' || normalize !== 'Normalize' || modules.length !== 3) {
    throw wrongField(
      join(folder, 'modules.json'),
      'type',
      modules.map(({ type }) => type),
      'Transformer, Pooling and Normalize, in this order',
    );
  }
  const [file, sizes, settings] = await Promise.all([
    readJson(join(folder, modules[1].path, 'config.json')),
    readJsonIfPresent(join(folder, 'sentence_bert_config.json')),
    readJsonIfPresent(join(folder, 'config_sentence_transformers.json')),
  ]);
  const includePrompt = file.fields['include_prompt'] ?? true;
  if (typeof includePrompt !== 'boolean') throw wrongField(file.path, 'include_prompt', includePrompt, 'true or false');
  return {
    pooling: poolingOf(file),
    includePrompt,
    maxLength: sizes?.fields['max_seq_length'] == null ? undefined : integerField(sizes, 'max_seq_length'),
    prompts: promptsOf(settings),
  };
}

function poolingOf(file: JsonFile): PoolingMode {
  const { pooling_mode: named } = file.fields;
  const names = Object.keys(legacyModes).filter((key) => file.fields[key] === true);
  const modes = named === undefined ? names.map((key) => legacyModes[key] ?? key) : [named].flat();
  const mode = poolingModes.find((known) => known === modes[0]);
  if (modes.length !== 1 || mode === undefined) {
    throw wrongField(file.path, 'pooling_mode', modes, `one of ${poolingModes.join(', ')}`);
  }
  return mode;
}

function promptsOf(settings: JsonFile | undefined): Readonly<Record<string, string>> {
  const prompts = settings?.fields['prompts'] ?? {};
  if (!isObject(prompts) || Object.values(prompts).some((prompt) => typeof prompt !== 'string')) {
    throw wrongFile(settings?.path ?? '', 'prompts is not a map from name to text');
  }
  return prompts as Readonly<Record<string, string>>;
}

/** Templates of a folder that has no file of ours: its prompts as they stand. */
export const templatesOf = (prompts: Readonly<Record<string, string>>): PromptTemplates => ({
  query: prompts['query'] ?? '',
  sts: prompts['sts'] ?? prompts['query'] ?? '',
  passage: prompts['passage'] ?? prompts['document'] ?? '',
});
