/**
 * A model as a folder: weights, tokenizer and settings, readable by sentence-transformers, transformers and
 * text-embeddings-inference. What only Tandem knows (templates, lineage) lies in tandem.json beside them.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PromptTemplates } from '../data/types.ts';
import { badInput } from '../errors.ts';
import { encoderParameters, isIgnoredTensor, longestTextOf } from './architectures/catalog.ts';
import { readConfig, writeConfig } from './configs/index.ts';
import { isObject, readJson, readJsonIfPresent, writeJson, wrongField } from './json-file.ts';
import { createSafetensors, openSafetensors, type TensorReader } from './safetensors.ts';
import {
  type Pipeline,
  readPipeline,
  type TaskInstructions,
  templatesOf,
  writePipeline,
} from './sentence-transformers.ts';
import { tokenizerFiles } from './tokenizer-files.ts';
import type { Architecture, ModelSpec, NamedTensor } from './types.ts';

export interface ModelFolder {
  readonly path: string;
  readonly spec: ModelSpec;
  /** Every parameter of the family is there in its shape: checked at opening. */
  readonly weights: TensorReader;
  /** Path of tokenizer.json. */
  readonly tokenizerPath: string;
  close(): Promise<void>;
}

export interface ModelContent {
  readonly spec: ModelSpec;
  /** Text of tokenizer.json. */
  readonly tokenizerJson: string | Buffer;
  /** Every parameter of the family once, in any order. */
  readonly tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>;
  /** Fills `{task}` in the prompts that other programs read; absent = no instruction. */
  readonly tasks?: TaskInstructions;
}

const formatVersion = 1;

// ---- writing -----------------------------------------------------------------------------------------------------

/** Writes a folder that is not there yet, or is empty. */
export async function writeModelFolder(path: string, { spec, tokenizerJson, tensors, tasks = {} }: ModelContent) {
  await mkdir(path, { recursive: true });
  const json = tokenizerJson.toString();
  const tokenizer = tokenizerFiles(join(path, 'tokenizer.json'), json, spec.maxLength);
  await writeFile(join(path, 'tokenizer.json'), json);
  await writeJson(join(path, 'tokenizer_config.json'), tokenizer.config);
  await writeJson(join(path, 'special_tokens_map.json'), tokenizer.specialTokens);
  await writeJson(join(path, 'config.json'), writeConfig(spec.family, spec.architecture, tokenizer.padTokenId));
  await writePipeline(path, spec, tasks);
  await writeJson(join(path, 'tandem.json'), {
    format: formatVersion,
    templates: spec.templates,
    initialisation: spec.initialisation,
  });
  await writeWeights(join(path, 'model.safetensors'), spec, tensors);
}

async function writeWeights(path: string, spec: ModelSpec, tensors: ModelContent['tensors']): Promise<void> {
  const writer = await createSafetensors(path, encoderParameters(spec.family, spec.architecture));
  try {
    for await (const tensor of tensors) await writer.write(tensor);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.finish();
}

// ---- reading -----------------------------------------------------------------------------------------------------

/** Opens a folder and checks that it is whole. The caller closes it. */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const spec = await readModelSpec(path);
  const weights = await openSafetensors(join(path, 'model.safetensors'));
  try {
    checkTensors(spec, weights);
  } catch (error) {
    await weights.close();
    throw error;
  }
  return { path, spec, weights, tokenizerPath: join(path, 'tokenizer.json'), close: () => weights.close() };
}

/** The settings alone, without opening the weights. */
export async function readModelSpec(path: string): Promise<ModelSpec> {
  const config = await readJson(join(path, 'config.json'));
  const { family, architecture } = readConfig(config);
  const pipeline = await readPipeline(path);
  return {
    family,
    architecture,
    pooling: pipeline.pooling,
    includePrompt: pipeline.includePrompt,
    maxLength: maxLengthOf(path, pipeline, architecture),
    ...(await readOwnSettings(path, pipeline)),
  };
}

/** Text of a folder's tokenizer.json. */
export const readTokenizerJson = (folder: string): Promise<string> => readFile(join(folder, 'tokenizer.json'), 'utf8');

function maxLengthOf(path: string, { maxLength }: Pipeline, architecture: Architecture): number {
  const longest = longestTextOf(architecture);
  if (maxLength !== undefined && maxLength > longest) {
    const file = join(path, 'sentence_bert_config.json');
    throw wrongField(file, 'max_seq_length', maxLength, `at most ${longest}, what max_position_embeddings leaves`);
  }
  return maxLength ?? longest;
}

async function readOwnSettings(path: string, { prompts }: Pipeline) {
  const file = await readJsonIfPresent(join(path, 'tandem.json'));
  if (!file) return { templates: templatesOf(prompts), initialisation: null };
  const { format, templates, initialisation = null } = file.fields;
  if (format !== formatVersion)
    throw wrongField(file.path, 'format', format, `${formatVersion}, this version's format`);
  if (!isTemplates(templates)) throw wrongField(file.path, 'templates', templates, 'query, sts and passage as texts');
  if (initialisation !== null && typeof initialisation !== 'string') {
    throw wrongField(file.path, 'initialisation', initialisation, 'a digest or null');
  }
  return { templates, initialisation };
}

const isTemplates = (value: unknown): value is PromptTemplates =>
  isObject(value) && ['query', 'sts', 'passage'].every((role) => typeof value[role] === 'string');

/** Every parameter in its shape, and nothing that nobody would read. */
function checkTensors({ family, architecture }: ModelSpec, { path, tensors }: TensorReader): void {
  const expected = new Map(encoderParameters(family, architecture).map((parameter) => [parameter.name, parameter]));
  for (const { name, shape } of expected.values()) {
    const found = tensors.get(name);
    if (!found) throw wrongTensor(path, name, 'is missing', `a tensor [${shape}]`);
    if (String(found.shape) !== String(shape)) {
      throw wrongTensor(path, name, `has the shape [${found.shape}]`, `[${shape}], as config.json says`);
    }
  }
  for (const name of tensors.keys()) {
    if (expected.has(name) || isIgnoredTensor(family, name)) continue;
    throw wrongTensor(
      path,
      name,
      `is no parameter of a ${family} of this size`,
      'only the tensors config.json implies',
    );
  }
}

const wrongTensor = (path: string, name: string, message: string, expected: string) =>
  badInput(`${path}: tensor ${name} ${message}`, { field: name, expected });
