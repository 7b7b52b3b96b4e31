/**
 * A model as a folder: weights, tokenizer and settings, readable by sentence-transformers, transformers and
 * text-embeddings-inference. What only Tandem knows (templates, lineage, heads) lies in tandem.json beside them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { longestTextOf } from '../model/architecture.ts';
import { largestTokenizerBytes } from '../model/families/catalog.ts';
import { readConfig, writeConfig } from '../model/families/config-json.ts';
import { guessModelType } from '../model/families/guess-type.ts';
import { type JsonFile, wrongField } from '../model/json-fields.ts';
import type { Architecture, ModelSpec, NamedTensor } from '../model/types.ts';
import { denseFiles } from './dense-files.ts';
import { readJson, readTextIfPresent, writeJson, wrongFile } from './json-file.ts';
import { checkHeads, ownSettingsJson, readOwnSettings, sharedLayers } from './own-settings.ts';
import type { TensorReader } from './safetensors.ts';
import { checkWidths, type Pipeline, readPipeline, writePipeline } from './sentence-transformers.ts';
import { readTokenizerSettings, type TokenizerSettings, tokenizerFiles, withLowerCase } from './tokenizer-files.ts';
import { openWeights, tensorNamesOf } from './weights.ts';
import { writeWeights } from './write-weights.ts';

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
  await writeJson(join(path, 'tandem.json'), ownSettingsJson(spec));
  await writeWeights(path, spec, tensors);
}

// ---- reading -----------------------------------------------------------------------------------------------------

/** Opens a folder and checks that it is complete. The caller closes it. */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const { spec, pipeline } = await readSettings(path);
  const tokenizerSettings = await readTokenizerSettings(pipeline.encoder);
  const layers = denseFiles(spec).map(({ folder, parameter }, i) => ({
    folder: pipeline.dense[i]?.folder ?? join(path, folder),
    parameter,
  }));
  const weights = await openWeights(pipeline.encoder, spec, layers);
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
  const own = await readOwnSettings(path, pipeline);
  const spec: ModelSpec = {
    family,
    architecture,
    ...{ pooling, includePrompt, normalize, similarity, lowerCase, prompts, defaultPromptName },
    dense: sharedLayers(pipeline.dense, own.heads).map(({ folder: _, ...layer }) => layer),
    maxLength: maxLengthOf(pipeline, architecture),
    ...own,
  };
  checkWidths(config, pipeline, spec);
  await checkHeads(path, pipeline, spec);
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
