import type { DeviceBatch } from '../batch.ts';

/**
 * Row of RoBERTa's position table for every token, [T]. `offset` is the row of a text's first position, pad_token_id +
 * 1. As in transformers, a padding token within a text has the row pad_token_id and is not counted.
 */
export function positionRows({ host: { ids, positions } }: DeviceBatch, offset: number): Uint32Array {
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
