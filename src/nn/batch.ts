/** A batch of packed texts on the device: ids, positions and owners of all tokens, no padding anywhere. */

import type { Gpu, Tensor } from '../device/types.ts';
import { badInput, invariant } from '../errors.ts';
import { longestTextOf } from '../model/architecture.ts';
import type { Architecture } from '../model/types.ts';
import type { PackedTexts } from '../tokens/types.ts';

export interface DeviceBatch {
  /** Texts. */
  readonly B: number;
  /** Tokens of all texts. */
  readonly T: number;
  /** Tokens of the longest text. */
  readonly maxLength: number;
  /** [T] u32 each. */
  readonly ids: Tensor;
  /** Position within the text, from 0. */
  readonly positions: Tensor;
  readonly typeIds: Tensor;
  /** Index of the token's text in this batch. */
  readonly textOfToken: Tensor;
  /** Index of the token's text in the global batch: what dropout is keyed by. */
  readonly sampleOfToken: Tensor;
  /** [B+1] u32 where each text begins. */
  readonly cumulative: Tensor;
  /** [B] u32 first pooled token, from the text's own first token. */
  readonly poolStart: Tensor;
  /** The ids and positions on the host, for the index that the tables' gradients are summed by. */
  readonly host: { readonly ids: Uint32Array; readonly positions: Uint32Array };
}

/** Texts `from` (included) to `to` (excluded) of a global batch, as packed texts of their own. */
export function sliceTexts(texts: PackedTexts, from: number, to: number): PackedTexts {
  const begin = texts.cumulative[from]!;
  return {
    ids: texts.ids.subarray(begin, texts.cumulative[to]!),
    cumulative: texts.cumulative.slice(from, to + 1).map((offset) => offset - begin),
    poolStart: texts.poolStart.subarray(from, to),
  };
}

/** The texts of the given indices, in that order, as packed texts of their own. */
export function gatherTexts(texts: PackedTexts, indices: ArrayLike<number>): PackedTexts {
  const cumulative = new Uint32Array(indices.length + 1);
  const poolStart = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const text = indices[i]!;
    invariant(text + 1 < texts.cumulative.length, `Text ${text} is not among ${texts.cumulative.length - 1} texts`);
    cumulative[i + 1] = cumulative[i]! + texts.cumulative[text + 1]! - texts.cumulative[text]!;
    poolStart[i] = texts.poolStart[text]!;
  }
  const ids = new Uint32Array(cumulative[indices.length]!);
  for (let i = 0; i < indices.length; i++) {
    const text = indices[i]!;
    ids.set(texts.ids.subarray(texts.cumulative[text]!, texts.cumulative[text + 1]!), cumulative[i]!);
  }
  return { ids, cumulative, poolStart };
}

/**
 * Cuts texts into runs of consecutive texts of at most `tokens` tokens; a longer text is a run by itself.
 * Returns the first text of every run, and the number of texts as last entry.
 */
export function cutByTokens(cumulative: Uint32Array, tokens: number): number[] {
  const count = cumulative.length - 1;
  const cuts = [0];
  for (let text = 0; text < count; text++) {
    const first = cuts[cuts.length - 1]!;
    if (text > first && cumulative[text + 1]! - cumulative[first]! > tokens) cuts.push(text);
  }
  if (count > 0) cuts.push(count);
  return cuts;
}

/** Throws BAD_USER_INPUT for texts that an encoder cannot take. `what` names them. */
export function checkTexts(architecture: Architecture, texts: PackedTexts, what: string): void {
  const { vocabularySize } = architecture;
  const longest = longestTextOf(architecture);
  for (let text = 0; text < texts.poolStart.length; text++) {
    const length = texts.cumulative[text + 1]! - texts.cumulative[text]!;
    if (length > longest || length <= texts.poolStart[text]!) {
      throw badInput(`${what}: text ${text} has ${length} tokens, of which ${texts.poolStart[text]} are not pooled`, {
        field: 'texts',
        expected: `at most ${longest} tokens, the model's longest text, and one that is pooled`,
        remedy: 'Tokenise it with a shorter maxLength, or shorten its prompt.',
      });
    }
  }
  const unknown = texts.ids.findIndex((id) => id >= vocabularySize);
  if (unknown >= 0) {
    throw badInput(`${what}: token ${unknown} has the id ${texts.ids[unknown]}`, {
      field: 'texts',
      expected: `an id below ${vocabularySize}, the model's vocabulary`,
      remedy: "Tokenise it with the model's own tokenizer.",
    });
  }
}

/**
 * Copies texts to the device. `firstSample` is the global index of the first text. Release with {@link releaseBatch}.
 */
export function makeBatch(gpu: Gpu, texts: PackedTexts, firstSample = 0): DeviceBatch {
  const B = texts.poolStart.length;
  const T = texts.ids.length;
  invariant(B > 0 && T > 0 && texts.cumulative.length === B + 1, 'A batch has texts and tokens');
  const positions = new Uint32Array(T);
  const textOfToken = new Uint32Array(T);
  let maxLength = 0;
  for (let text = 0; text < B; text++) {
    const begin = texts.cumulative[text]!;
    const length = texts.cumulative[text + 1]! - begin;
    invariant(length > texts.poolStart[text]!, `Text ${text} has pooled tokens`);
    maxLength = Math.max(maxLength, length);
    textOfToken.fill(text, begin, begin + length);
    for (let position = 0; position < length; position++) positions[begin + position] = position;
  }
  const ids = Uint32Array.from(texts.ids);
  const leased: Tensor[] = [];
  const upload = (label: string, data: Uint32Array): Tensor => {
    const tensor = gpu.lease(`batch.${label}`, [data.length], 'u32');
    leased.push(tensor);
    gpu.write(tensor, data);
    return tensor;
  };
  try {
    return {
      B,
      T,
      maxLength,
      ids: upload('ids', ids),
      positions: upload('positions', positions),
      typeIds: upload('typeIds', new Uint32Array(T)),
      textOfToken: upload('textOfToken', textOfToken),
      sampleOfToken: upload(
        'sampleOfToken',
        textOfToken.map((text) => text + firstSample),
      ),
      cumulative: upload('cumulative', Uint32Array.from(texts.cumulative)),
      poolStart: upload('poolStart', Uint32Array.from(texts.poolStart)),
      host: { ids, positions },
    };
  } catch (error) {
    for (const tensor of leased) gpu.release(tensor);
    throw error;
  }
}

/** Releases the batch's tensors, ordered behind the dispatches that read them. */
export function releaseBatch(gpu: Gpu, batch: DeviceBatch): void {
  for (const tensor of [
    batch.ids,
    batch.positions,
    batch.typeIds,
    batch.textOfToken,
    batch.sampleOfToken,
    batch.cumulative,
    batch.poolStart,
  ]) {
    gpu.release(tensor);
  }
}
