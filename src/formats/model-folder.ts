/**
 * A model as a folder: weights, tokenizer and settings, readable by sentence-transformers, transformers and
 * text-embeddings-inference. What only Tandem knows (templates, lineage) lies in tandem.json beside them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant } from '../errors.ts';
import { longestTextOf } from '../model/architecture.ts';
import { largestTokenizerBytes } from '../model/families/catalog.ts';
import { readConfig, writeConfig } from '../model/families/config-json.ts';
import { guessModelType } from '../model/families/guess-type.ts';
import { isObject, type JsonFile, wrongField } from '../model/json-fields.ts';
import { denseName, modelParameters } from '../model/pipeline.ts';
import type { Architecture, ModelSpec, NamedTensor, PromptTemplates } from '../model/types.ts';
import { readJson, readJsonIfPresent, readTextIfPresent, writeJson, wrongFile } from './json-file.ts';
import { createSafetensors, type TensorReader, type TensorWriter } from './safetensors.ts';
import {
  checkWidths,
  denseFolders,
  type Pipeline,
  readPipeline,
  templatesOf,
  writePipeline,
} from './sentence-transformers.ts';
import { readTokenizerSettings, type TokenizerSettings, tokenizerFiles, withLowerCase } from './tokenizer-files.ts';
import { openWeights, tensorNamesOf } from './weights.ts';

export interface ModelFolder {
  readonly path: string;
  readonly spec: ModelSpec;
  /** Checked when the folder is opened: every parameter of the model exists and has its shape. */
  readonly weights: TensorReader;
  /** Path of tokenizer.json. */
  readonly tokenizerPath: string;
  readonly tokenizerSettings: TokenizerSettings;
  close(): Promise<void>;
}

export interface ModelContent {
  readonly spec: ModelSpec;
  /** Text of tokenizer.json. */
  readonly tokenizerJson: string | Buffer;
  /** Settings of an imported tokenizer beside tokenizer.json; absent = none. */
  readonly tokenizerSettings?: TokenizerSettings;
  /** Every parameter of the model once, in any order. */
  readonly tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>;
}

const formatVersion = 1;

// ---- writing -----------------------------------------------------------------------------------------------------

/** Writes a folder, which must not exist yet or be empty. */
export async function writeModelFolder(path: string, content: ModelContent): Promise<void> {
  const { spec, tokenizerJson, tokenizerSettings, tensors } = content;
  await mkdir(path, { recursive: true });
  const json = spec.lowerCase ? withLowerCase(tokenizerJson.toString()) : tokenizerJson.toString();
  const tokenizer = tokenizerFiles(join(path, 'tokenizer.json'), json, spec.maxLength, tokenizerSettings);
  await writeFile(join(path, 'tokenizer.json'), json);
  await writeJson(join(path, 'tokenizer_config.json'), tokenizer.config);
  await writeJson(join(path, 'special_tokens_map.json'), tokenizer.specialTokens);
  await writeJson(join(path, 'config.json'), writeConfig(spec.family, spec.architecture));
  await writePipeline(path, spec);
  await writeJson(join(path, 'tandem.json'), {
    format: formatVersion,
    templates: spec.templates,
    initialisation: spec.initialisation,
  });
  await writeWeights(path, spec, tensors);
}

/** Writes the encoder's tensors into the file at the root, those of each dense layer into its own. */
async function writeWeights(path: string, spec: ModelSpec, tensors: ModelContent['tensors']): Promise<void> {
  const writers: TensorWriter[] = [];
  const writerOf = new Map<string, { readonly writer: TensorWriter; readonly name: string }>();
  try {
    for (const { folder, names } of weightFiles(spec)) {
      const shapes = modelParameters(spec).flatMap(({ name, shape }) => {
        const inFile = names(name);
        return inFile === undefined ? [] : [{ parameter: name, name: inFile, shape }];
      });
      const writer = await createSafetensors(join(path, folder, 'model.safetensors'), shapes);
      writers.push(writer);
      for (const { parameter, name } of shapes) writerOf.set(parameter, { writer, name });
    }
    for await (const tensor of tensors) {
      const place = writerOf.get(tensor.name);
      invariant(place, `The model has no tensor ${tensor.name}`);
      await place.writer.write({ ...tensor, name: place.name });
    }
  } catch (error) {
    for (const writer of writers) await writer.abandon();
    throw error;
  }
  for (const writer of writers) await writer.finish();
}

interface WeightFile {
  readonly folder: string;
  /** A parameter's name in this file; undefined = it is in another file. */
  readonly names: (parameter: string) => string | undefined;
}

function weightFiles({ dense }: ModelSpec): WeightFile[] {
  const layers = denseFolders(dense).map((folder, i): WeightFile => {
    const own = new Map((['weight', 'bias'] as const).map((part) => [denseName(i, part), `linear.${part}`]));
    return { folder, names: (parameter) => own.get(parameter) };
  });
  const elsewhere = (name: string): boolean => layers.some(({ names }) => names(name) !== undefined);
  return [{ folder: '', names: (name) => (elsewhere(name) ? undefined : name) }, ...layers];
}

// ---- reading -----------------------------------------------------------------------------------------------------

/** Opens a folder and checks that it is complete. The caller closes it. */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const { spec, pipeline } = await readSettings(path);
  const tokenizerSettings = await readTokenizerSettings(pipeline.encoder);
  const weights = await openWeights(pipeline.encoder, spec, pipeline.dense);
  return {
    path,
    spec,
    weights,
    tokenizerPath: join(pipeline.encoder, 'tokenizer.json'),
    tokenizerSettings,
    close: () => weights.close(),
  };
}

/** The settings alone, without opening the weights. */
export const readModelSpec = async (path: string): Promise<ModelSpec> => (await readSettings(path)).spec;

async function readSettings(path: string): Promise<{ spec: ModelSpec; pipeline: Pipeline }> {
  const pipeline = await readPipeline(path);
  const config = await withModelType(await readJson(join(pipeline.encoder, 'config.json')), pipeline.encoder);
  const { family, architecture } = readConfig(config);
  const { pooling, includePrompt, normalize, similarity, lowerCase, prompts, defaultPromptName } = pipeline;
  const spec: ModelSpec = {
    family,
    architecture,
    ...{ pooling, includePrompt, normalize, similarity, lowerCase, prompts, defaultPromptName },
    dense: pipeline.dense.map(({ folder: _, ...layer }) => layer),
    maxLength: maxLengthOf(pipeline, architecture),
    ...(await readOwnSettings(path, pipeline)),
  };
  checkWidths(config, pipeline, spec);
  return { spec, pipeline };
}

/** config.json with a model_type: its own, or the one that the weights tell. */
async function withModelType(config: JsonFile, encoder: string): Promise<JsonFile> {
  if ((config.fields['model_type'] ?? '') !== '') return config;
  const model_type = guessModelType(config, await tensorNamesOf(encoder));
  return { ...config, fields: { ...config.fields, model_type } };
}

/** Text of a tokenizer.json at {@link ModelFolder.tokenizerPath}. */
export async function readTokenizerFile(path: string): Promise<string> {
  const text = await readTextIfPresent(path, largestTokenizerBytes);
  if (text === undefined) throw wrongFile(path, 'the file is missing');
  return text;
}

/** Text of the tokenizer.json of a folder in Tandem's form. */
export const readTokenizerJson = (folder: string): Promise<string> => readTokenizerFile(join(folder, 'tokenizer.json'));

/**
 * A tokenizer's length is limited to the model's positions, as in sentence-transformers, and so is a module's where the
 * positions are a table, beyond whose end the original fails. With rotary positions the original computes longer texts,
 * so a longer length of a module is refused.
 */
function maxLengthOf({ maxLength }: Pipeline, architecture: Architecture): number {
  const longest = longestTextOf(architecture);
  if (maxLength === undefined) return longest;
  const { tokens, file, field } = maxLength;
  if (field === 'max_seq_length' && tokens > longest && architecture.ropeTheta !== undefined) {
    throw wrongField(file, field, tokens, `at most ${longest}, what max_position_embeddings leaves`);
  }
  return Math.min(tokens, longest);
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
