/**
 * The files that make a folder a sentence-transformers model. Written in the old form, which sentence-transformers 5
 * and 6 and text-embeddings-inference all read; read in the old and the new form. A setting that would change vectors
 * and is not supported is an error that names it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonFile, wrongField } from '../model/json-fields.ts';
import { pooledWidth } from '../model/pipeline.ts';
import { fillTemplate } from '../model/templates.ts';
import type { DenseLayer, ModelSpec, PromptTemplates } from '../model/types.ts';
import { denseFiles, pipelineFiles } from './dense-files.ts';
import { readJson, readJsonIfPresent, writeJson } from './json-file.ts';
import { checkDropoutConfig, checkNormalizeConfig, denseConfigJson, readDenseConfig } from './pipeline/dense-config.ts';
import { modulesJson, type PipelineModule, readModules } from './pipeline/modules.ts';
import { type PoolingConfig, poolingConfigJson, readPoolingConfig } from './pipeline/pooling-config.ts';
import { type PromptsConfig, promptsConfigJson, readPromptsConfig } from './pipeline/prompts-config.ts';
import {
  readPlainTransformer,
  readTransformerConfig,
  type TransformerConfig,
  transformerConfigJson,
} from './pipeline/transformer-config.ts';

/** A dense layer and the folder of its weights. */
export interface DenseModule extends DenseLayer {
  readonly folder: string;
}

export interface Pipeline extends TransformerConfig, PoolingConfig, PromptsConfig {
  /** Folder of the encoder: config.json, weights, tokenizer. */
  readonly encoder: string;
  readonly dense: readonly DenseModule[];
  readonly normalize: boolean;
}

/** Task instructions to fill templates with; absent = empty. */
export type TaskInstructions = Partial<Readonly<Record<keyof PromptTemplates, string>>>;

// ---- writing -----------------------------------------------------------------------------------------------------

export async function writePipeline(folder: string, spec: ModelSpec): Promise<void> {
  const modules = modulesOf(spec);
  const layers = denseFiles(spec);
  for (const path of [...modules.map((module) => module.path), ...layers.map((layer) => layer.folder)]) {
    await mkdir(join(folder, path), { recursive: true });
  }
  await writeJson(join(folder, 'modules.json'), modulesJson(modules));
  await writeJson(join(folder, 'sentence_bert_config.json'), transformerConfigJson(spec));
  await writeJson(join(folder, 'config_sentence_transformers.json'), promptsConfigJson(spec));
  const { pooling, includePrompt, architecture } = spec;
  await writeJson(
    join(folder, '1_Pooling', 'config.json'),
    poolingConfigJson({ pooling, includePrompt, width: architecture.width }),
  );
  for (const { folder: path, layer } of layers) {
    await writeJson(join(folder, path, 'config.json'), denseConfigJson(layer));
  }
}

function modulesOf(spec: ModelSpec): PipelineModule[] {
  const dense = pipelineFiles(spec);
  return [
    { kind: 'Transformer', path: '' },
    { kind: 'Pooling', path: '1_Pooling' },
    ...dense.map(({ folder }) => ({ kind: 'Dense', path: folder }) as const),
    ...(spec.normalize ? [{ kind: 'Normalize', path: `${dense.length + 2}_Normalize` } as const] : []),
  ];
}

/**
 * The prompts of a model that Tandem created. `document` and `passage` are the same: sentence-transformers'
 * encode_document prefers `document`, and adds an empty one where it is missing.
 */
export const filledPrompts = ({ query, sts, passage }: PromptTemplates, tasks: TaskInstructions = {}) => ({
  document: fillTemplate(passage, tasks.passage ?? ''),
  passage: fillTemplate(passage, tasks.passage ?? ''),
  query: fillTemplate(query, tasks.query ?? ''),
  sts: fillTemplate(sts, tasks.sts ?? ''),
});

// ---- reading -----------------------------------------------------------------------------------------------------

export async function readPipeline(folder: string): Promise<Pipeline> {
  const modules = await readModules(join(folder, 'modules.json'));
  if (!modules) return readPlainEncoder(folder);
  const encoder = join(folder, modules[0].path);
  const settings = await readJsonIfPresent(join(folder, 'config_sentence_transformers.json'));
  const shared = { encoder, ...(await readTransformerConfig(encoder)), ...readPromptsConfig(settings) };
  const dense: DenseModule[] = [];
  let normalize = false;
  for (const { kind, path } of modules) {
    const at = join(folder, path);
    if (kind === 'Dense') dense.push({ ...readDenseConfig(await readJson(join(at, 'config.json'))), folder: at });
    if (kind !== 'Normalize' && kind !== 'Dropout') continue;
    normalize ||= kind === 'Normalize';
    const file = await readJsonIfPresent(join(at, 'config.json'));
    if (file) (kind === 'Normalize' ? checkNormalizeConfig : checkDropoutConfig)(file);
  }
  const pooling = readPoolingConfig(await readJson(join(folder, modules[1].path, 'config.json')));
  return { ...shared, ...pooling, dense, normalize };
}

/**
 * The pipeline of a folder without modules.json, a plain encoder. As in sentence-transformers 6, pooling is the mean,
 * or the last token for a causal language model; no module follows, and other files of sentence-transformers are
 * ignored.
 */
async function readPlainEncoder(encoder: string): Promise<Pipeline> {
  const { fields } = await readJson(join(encoder, 'config.json'));
  const [name] = [fields['architectures']].flat();
  const continues = typeof name === 'string' && name.endsWith('ForCausalLM') && (fields['is_causal'] ?? true);
  return {
    encoder,
    ...(await readPlainTransformer(encoder)),
    ...readPromptsConfig(undefined),
    ...{ pooling: continues ? 'lasttoken' : 'mean', includePrompt: true, width: undefined },
    ...{ dense: [], normalize: false },
  };
}

/** Throws for modules whose widths do not match. `config` is the encoder's config.json. */
export function checkWidths(config: JsonFile, { width, dense }: Pipeline, spec: ModelSpec): void {
  if (width !== undefined && width !== spec.architecture.width) {
    const encoder = spec.architecture.width;
    throw wrongField(config.path, 'hidden_size', encoder, `${width}, the width in the pooling module's config.json`);
  }
  dense.forEach((layer, i) => {
    const before = i === 0 ? pooledWidth(spec) : dense[i - 1].outFeatures;
    if (layer.inFeatures === before) return;
    throw wrongField(
      join(layer.folder, 'config.json'),
      'in_features',
      layer.inFeatures,
      `${before}, the width of what comes in`,
    );
  });
}

/**
 * Templates of a folder without tandem.json (docs/method.md section 1, "Imported"): its prompts unchanged; the task
 * instruction is used only where a prompt has {task}.
 */
export const templatesOf = (prompts: Readonly<Record<string, string>>): PromptTemplates => ({
  query: prompts['query'] ?? '',
  sts: prompts['sts'] ?? prompts['query'] ?? '',
  passage: prompts['passage'] ?? prompts['document'] ?? '',
});
