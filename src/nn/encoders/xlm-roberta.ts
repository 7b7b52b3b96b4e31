/**
 * XLM-R (Conneau et al. 2019, arXiv 1911.02116) and RoBERTa: BERT's blocks and names. Positions count from pad_token_id + 1;
 * a padding token within a text has the row pad_token_id and is not counted, as transformers makes its position ids.
 */
import type { DeviceBatch } from '../batch.ts';
import type { Parameters } from '../parameters.ts';
import type { Tape } from '../tape.ts';
import type { EncoderSpec } from '../types.ts';
import { bertBlocks, embed } from './bert.ts';
import type { Forward, HiddenStates } from './encoder.ts';

export function xlmRobertaForward(
  tape: Tape,
  parameters: Parameters,
  spec: EncoderSpec,
  forward: Forward,
): HiddenStates {
  const rows = positionRows(forward.batch, spec.architecture.positionOffset ?? 0);
  return bertBlocks(tape, parameters, spec, forward, embed(tape, parameters, spec, forward, rows));
}

/** [T] row of the position table of every token. `offset` is pad_token_id + 1. */
function positionRows({ host: { ids, positions } }: DeviceBatch, offset: number): Uint32Array {
  const padding = offset - 1;
  const rows = new Uint32Array(ids.length);
  let skipped = 0;
  for (let token = 0; token < ids.length; token++) {
    if (positions[token] === 0) skipped = 0;
    const isPadding = ids[token] === padding;
    rows[token] = isPadding ? padding : positions[token]! - skipped + offset;
    if (isPadding) skipped++;
  }
  return rows;
}
