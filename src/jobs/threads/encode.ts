/** Texts to vectors: the CPU thread tokenizes, the device thread encodes. Jobs and interactive requests call it. */
import type { TextTriple } from '../../data/types.ts';
import type { CheckpointRow, ModelRow } from '../../db/schema.ts';
import { unavailable } from '../../errors.ts';
import { type TextRole, taskOfRole } from '../../model/types.ts';
import { metrics } from '../../observe/metrics.ts';
import type { Threads } from './threads.ts';

/** A checkpoint with its model. */
export interface Encoder {
  readonly checkpoint: CheckpointRow;
  /** theta_0: its tokenizer and settings. */
  readonly model: ModelRow;
}

export interface Encoded {
  /** [count, dimension] row-major. */
  readonly data: Float32Array;
  readonly dimension: number;
  readonly tokens: readonly number[];
  readonly truncated: readonly boolean[];
  readonly prompt: string;
}

/**
 * Tokenises and encodes texts of one role; the device thread splits them into micro-batches. `unit`: vectors of
 * length 1 even if the model's pipeline does not normalise, as searches and cosines need them. `prompt` replaces the
 * role's.
 */
export async function encodeTexts(
  { cpu, device }: Pick<Threads, 'cpu' | 'device'>,
  { checkpoint, model }: Encoder,
  role: TextRole,
  texts: readonly TextTriple[],
  signal?: AbortSignal,
  { unit = true, prompt }: { readonly unit?: boolean; readonly prompt?: string | undefined } = {},
): Promise<Encoded> {
  const options = signal ? { signal } : {};
  const own = prompt === undefined ? {} : { prompt };
  const request = { model: model.digest, texts: texts.map((text) => ({ role, text })), ...own };
  const { encoded, truncated, prompts } = await cpu.call('tokenizeTexts', request, options);
  const tokens = Array.from(encoded.cumulative.subarray(1), (end, i) => end - (encoded.cumulative[i] ?? 0));
  const input = { model: checkpoint.digest, texts: encoded, task: taskOfRole[role], ...(unit ? { unit } : {}) };
  const { data, dimension } = await device.call('encode', input, options);
  metrics.encodedTexts.add({ role }, texts.length);
  metrics.encodedTokens.add({ role }, encoded.cumulative.at(-1) ?? 0);
  requireFinite(data, `one of ${texts.length} texts`);
  return { data, dimension, tokens, truncated, prompt: prompt ?? prompts[role] ?? '' };
}

/** Throws UNAVAILABLE if a number is not finite: such a vector is never stored or served. */
export function requireFinite(data: Float32Array, what: string): void {
  if (data.every(Number.isFinite)) return;
  throw unavailable(`The checkpoint gave a vector that is not finite for ${what}`, {
    field: 'checkpoint',
    expected: 'finite numbers',
    remedy: 'The checkpoint is damaged or its run diverged; use another one.',
  });
}
