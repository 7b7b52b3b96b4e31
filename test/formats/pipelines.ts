/** The small sentence-transformers models of test/fixtures/pipelines, and what sentence-transformers gives for them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Gpu } from '../../src/device/types.ts';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { withLowerCase } from '../../src/formats/tokenizer-files.ts';
import type { ModelSpec } from '../../src/model/types.ts';
import { type Encoder, loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { encodeTexts } from '../../src/serve/encode.ts';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { readForeignTokenizer } from '../../src/tokens/foreign-tokenizer.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';

/** What make_pipelines.py and check_sentence_transformers.py record. */
export interface Recorded {
  readonly maxLength: number;
  /** Sum over cases i and components d of vector[i][d] * cos(1 + i + 3 d). */
  readonly loss: number;
  readonly cases: readonly {
    readonly prompt: string;
    readonly text: string;
    readonly ids: readonly number[];
    /** Tokens of the prompt; 0 where the whole text is pooled. */
    readonly promptLength: number;
    readonly vector: readonly number[];
  }[];
}

/**
 * Written by sentence-transformers 6.2.0 (new names) and by 5.1.2 (old names); `plain-head` by transformers alone. The
 * last four are other families than BERT.
 */
export const pipelineNames = [
  'mean-dense-normalize',
  'mean-sqrt-len-shards',
  'plain-head',
  'cls-half',
  'lasttoken',
  'weightedmean-lowercase',
  'max-mean-dense',
  'xlm-roberta-mean',
  'modernbert-mean-dense',
  'llama-weightedmean',
  'qwen3-lasttoken',
] as const;

const base = new URL('../fixtures/pipelines/', import.meta.url);

export const pipelinePath = (name: string): string => fileURLToPath(new URL(name, base));

export const recorded = (name: string): Recorded =>
  JSON.parse(readFileSync(new URL(`${name}.json`, base), 'utf8')) as Recorded;

/** Texts with their prompts, whatever else is recorded of them. */
interface TextCases {
  readonly cases: readonly { readonly prompt: string; readonly text: string }[];
}

interface Checked {
  readonly vectors: readonly (readonly number[])[];
  readonly ids: readonly (readonly number[])[];
  readonly promptLengths: readonly number[];
}

/**
 * What check_sentence_transformers.py recorded of a checkpoint that Tandem trained and wrote
 * (test/train/pipelines.test.ts).
 */
export function recordedExport(name: string): Pick<Recorded, 'cases'> {
  const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, base), 'utf8'));
  const texts = read('exported.texts.json') as { prompt: string; text: string }[];
  const { vectors, ids, promptLengths } = read(`exported-${name}.json`) as Checked;
  const cases = texts.map((text, i) => {
    return { ...text, ids: ids[i] ?? [], promptLength: promptLengths[i] ?? 0, vector: vectors[i] ?? [] };
  });
  return { cases };
}

/** The cases of a recording, tokenised by the folder's own tokenizer and settings, as an import would. */
export async function tokenizeCases(folder: string, { cases }: TextCases) {
  const { spec, tokenizerPath, close } = await readModelFolder(folder);
  await close();
  const rows = spec.architecture.vocabularySize;
  const { json } = await readForeignTokenizer(tokenizerPath, { modelType: spec.family, rows, cuts: true });
  const tokenizer = await parseTokenizer(spec.lowerCase ? withLowerCase(json) : json);
  return tokenizer.encode(cases, spec);
}

/** The vectors of a recording's cases, all in one batch. */
export async function encodeCases(gpu: Gpu, folder: string, expected: TextCases): Promise<Float32Array> {
  const texts = packed(await tokenizeCases(folder, expected));
  return withEncoder(gpu, folder, false, (encoder, spec) =>
    encodeTexts(encoder, texts, { task: 'ir', unit: spec.normalize }),
  );
}

export async function withEncoder<T>(
  gpu: Gpu,
  folder: string,
  training: boolean,
  work: (encoder: Encoder, spec: ModelSpec) => Promise<T>,
): Promise<T> {
  const { spec, weights, close } = await readModelFolder(folder);
  const encoder = await loadEncoder(gpu, spec, weights, { training });
  await close();
  try {
    return await work(encoder, spec);
  } finally {
    encoder.parameters.free();
  }
}

export function packed(texts: readonly { readonly ids: Uint32Array; readonly poolStart: number }[]): PackedTexts {
  const cumulative = new Uint32Array(texts.length + 1);
  for (const [i, { ids }] of texts.entries()) cumulative[i + 1] = cumulative[i]! + ids.length;
  const ids = Uint32Array.from(texts.flatMap((text) => [...text.ids]));
  return { ids, cumulative, poolStart: Uint32Array.from(texts, ({ poolStart }) => poolStart) };
}
