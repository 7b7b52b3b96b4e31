/** embed and similarity: the CPU thread tokenizes, the device thread encodes; nothing goes through the job queue. */
import type { TextTriple } from '../../data/types.ts';
import { badInput } from '../../errors.ts';
import { type Encoded, type Encoder, encodeTexts } from '../../jobs/threads/encode.ts';
import type { TextRole } from '../../model/types.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import type { Tandem } from '../tandem.ts';
import { withinDeadline } from './deadline.ts';
import { checkLength, checkList, checkText } from './texts.ts';
import type { EmbedAnswer, EmbeddingReport } from './types.ts';
import { shorten } from './vectors.ts';

export function reportOf({ checkpoint }: Encoder, { tokens, truncated, prompt }: Encoded): EmbeddingReport {
  const total = tokens.reduce((sum, count) => sum + count, 0);
  return { checkpoint, prompt, tokens: total, truncated: truncated.filter(Boolean).length };
}

export interface EmbedRequest {
  readonly texts: readonly string[];
  /** What a refusal calls the texts and the checkpoint. */
  readonly fields?: { readonly texts: string; readonly checkpoint: string };
  readonly checkpointId: string;
  readonly role: TextRole;
  readonly instruction: string;
  readonly dimensions?: number | null;
  /** A prompt of the model by its name (no name = its default prompt, if it has one), in place of the role's. */
  readonly prompt?: { readonly name?: string | null } | null;
}

/** With a prompt of the model, blank texts are allowed, as in sentence-transformers. */
export function embed(tandem: Tandem, request: EmbedRequest, signal?: AbortSignal): Promise<EmbedAnswer> {
  return withinDeadline(tandem, signal, (within) => embedNow(tandem, request, within));
}

async function embedNow(tandem: Tandem, request: EmbedRequest, signal: AbortSignal): Promise<EmbedAnswer> {
  const { limits } = tandem.config;
  const { fields = { texts: 'texts', checkpoint: 'checkpoint' } } = request;
  checkList(request.texts, limits, fields.texts);
  const checkOne = request.prompt ? checkLength : checkText;
  for (const [i, text] of request.texts.entries()) checkOne(text, limits, `${fields.texts}.${i}`);
  checkLength(request.instruction, limits, 'instruction');
  const encoder = await encoderOf(tandem, request.checkpointId, fields.checkpoint);
  const dimensions = request.dimensions ?? encoder.model.dimension;
  if (dimensions > encoder.model.dimension) {
    throw badInput(`dimensions is ${dimensions}, the model gives ${encoder.model.dimension}`, {
      field: 'dimensions',
      expected: `1 to ${encoder.model.dimension}`,
      remedy: 'Leave dimensions out for the whole vector.',
    });
  }
  const triples = request.texts.map((text): TextTriple => [request.instruction, '', text]);
  const prompt = request.prompt ? promptOf(encoder, request.prompt.name) : undefined;
  const options = { unit: false, prompt };
  const encoded = await encodeTexts(tandem.jobs, encoder, request.role, triples, signal, options);
  const embeddings = request.texts.map((_text, index) => ({
    index,
    tokens: encoded.tokens[index] ?? 0,
    truncated: encoded.truncated[index] ?? false,
    vector: shorten(rowOf(encoded, index), dimensions),
  }));
  return { report: reportOf(encoder, encoded), dimensions, embeddings };
}

/**
 * Text of the named prompt, or of the default one; empty if the model has none. Throws BAD_USER_INPUT for an unknown
 * name.
 */
function promptOf({ model }: Encoder, name: string | null | undefined): string {
  const { prompts, defaultPromptName } = model.pipeline;
  const wanted = name ?? defaultPromptName;
  if (wanted === null) return '';
  if (Object.hasOwn(prompts, wanted)) return prompts[wanted] ?? '';
  const names = Object.keys(prompts)
    .sort()
    .map((known) => JSON.stringify(known));
  throw badInput(`The model has no prompt "${wanted}"`, {
    field: 'prompt.name',
    expected: names.length > 0 ? `one of ${names.join(', ')}` : 'no name: the model has no prompts',
    remedy: 'Correct the name, or leave it out.',
  });
}

const rowOf = ({ data, dimension }: Encoded, row: number): Float32Array =>
  data.subarray(row * dimension, (row + 1) * dimension);

export interface SimilarityRequest {
  readonly pairs: readonly { readonly a: string; readonly b: string }[];
  readonly checkpointId: string;
  readonly instruction: string;
}

interface SimilarityAnswer {
  readonly report: EmbeddingReport;
  readonly scores: readonly number[];
}

/** Cosines of pairs, both texts with the STS prompt. */
export function similarity(
  tandem: Tandem,
  request: SimilarityRequest,
  signal?: AbortSignal,
): Promise<SimilarityAnswer> {
  return withinDeadline(tandem, signal, (within) => similarityNow(tandem, request, within));
}

async function similarityNow(
  tandem: Tandem,
  { pairs, checkpointId, instruction }: SimilarityRequest,
  signal: AbortSignal,
): Promise<SimilarityAnswer> {
  const { limits } = tandem.config;
  checkList(pairs, limits, 'pairs');
  for (const [i, { a, b }] of pairs.entries()) {
    checkText(a, limits, `pairs.${i}.a`);
    checkText(b, limits, `pairs.${i}.b`);
  }
  checkLength(instruction, limits, 'instruction');
  const encoder = await encoderOf(tandem, checkpointId, 'checkpoint');
  const triples = pairs.flatMap(({ a, b }): TextTriple[] => [
    [instruction, '', a],
    [instruction, '', b],
  ]);
  const encoded = await encodeTexts(tandem.jobs, encoder, 'sts', triples, signal);
  const scores = pairs.map((_pair, i) => cosine(rowOf(encoded, 2 * i), rowOf(encoded, 2 * i + 1)));
  return { report: reportOf(encoder, encoded), scores };
}

/** Cosine of two vectors of length 1, clamped to -1..1 against rounding. */
function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += value * (b[i] ?? 0);
  return Math.max(-1, Math.min(1, sum));
}
