/** Attention of all-MiniLM-L6-v2: 12 heads of 32 channels. */
import { attentionBackward, attentionForward } from '../../../dist/src/kernels/attention.js';
import { bytesOf } from './hold.mjs';

const [heads, size] = [12, 32];

function prepare(gpu, hold, count, length, rate) {
  const tokens = count * length;
  const width = heads * size;
  const batch = hold.batch(count, length);
  const call = {
    ...Object.fromEntries(['q', 'k', 'v', 'dOut'].map((name) => [name, hold.filled(tokens, width)])),
    ...Object.fromEntries(['out', 'dQ', 'dK', 'dV'].map((name) => [name, hold.empty(tokens, width)])),
    ...{ batch, heads, logSumExp: hold.empty(tokens, heads) },
    ...(rate > 0 && { dropout: { rate, seed: 1, step: 1, site: 1 } }),
  };
  // Every query meets every key of its text: a product of `size` channels is 2 * size operations.
  const product = 2 * size * heads * count * length ** 2;
  return {
    run() {
      attentionForward(gpu, call);
      attentionBackward(gpu, call);
    },
    works: {
      // Scores, and the sum of values.
      attention_row_forward: { flops: 2 * product },
      attention_workgroup_forward: { flops: 2 * product },
      // Scores, their gradient, and the sum of keys.
      attention_row_query: { flops: 3 * product },
      attention_workgroup_query: { flops: 3 * product },
      // Scores, their gradient, the sum of queries and that of the results' gradients.
      attention_row_key: { flops: 4 * product },
      attention_workgroup_key: { flops: 4 * product },
      attention_rows: { bytes: bytesOf(2 * tokens * width, tokens * heads, 4 * tokens * heads, tokens) },
    },
  };
}

export const attentionCases = (gpu, rows) =>
  [32, 128, 512].flatMap((length) =>
    [0, 0.1].map((rate) => {
      const count = Math.max(1, Math.round(rows / length));
      return {
        name: `attention, ${count} texts of ${length}${rate > 0 ? ', dropout' : ''}`,
        prepare: (hold) => prepare(gpu, hold, count, length, rate),
      };
    }),
  );
