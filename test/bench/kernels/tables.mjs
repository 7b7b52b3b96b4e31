/** Embedding tables, pooling, and the optimizer over all parameters of all-MiniLM-L6-v2. */
import { embeddingBackward, embeddingForward, scatterIndex } from '../../../dist/src/kernels/embedding.js';
import { adamW, globalNorm } from '../../../dist/src/kernels/optim.js';
import { poolBackward, poolForward } from '../../../dist/src/kernels/pooling.js';
import { bytesOf } from './hold.mjs';

const [width, words, positions, parameterCount] = [384, 30_522, 512, 22_713_216];
const length = 32;

function embedding(gpu, hold, rows) {
  const count = Math.round(rows / length);
  const batch = hold.batch(count, length, words);
  const { T: tokens } = batch;
  const [word, position, type] = [hold.filled(words, width), hold.filled(positions, width), hold.filled(2, width)];
  const [out, dTable] = [hold.filled(tokens, width), hold.empty(words, width)];
  const index = scatterIndex(batch.host.ids);
  const { ids, positions: places, typeIds } = batch;
  const all = tokens * width;
  return {
    run() {
      embeddingForward(gpu, { ids, positions: places, typeIds, word, position, type, out });
      embeddingBackward(gpu, { dOut: out, index, dTable });
    },
    works: {
      // Rows of positions and types stay in the cache and count once.
      embedding_forward: { bytes: bytesOf(2 * all, (length + 1) * width, 3 * tokens) },
      embedding_segment: { bytes: bytesOf(all, index.segments * width, index.segments, tokens) },
      embedding_table: { bytes: bytesOf(index.segments * width, 2 * index.rows * width, 2 * index.rows) },
    },
  };
}

function pooling(gpu, hold, rows) {
  const count = Math.round(rows / length);
  const batch = hold.batch(count, length);
  const [x, out, dX] = [hold.filled(batch.T, width), hold.filled(count, width), hold.empty(batch.T, width)];
  const bytes = bytesOf(batch.T * width, count * width);
  return {
    run() {
      poolForward(gpu, { x, batch, out, mode: 'mean' });
      poolBackward(gpu, { dOut: out, batch, mode: 'mean', dX });
    },
    works: { pool_forward: { bytes }, pool_backward: { bytes } },
  };
}

function optimizer(gpu, hold) {
  const [gradients, parameters, firstMoment, secondMoment] = [1, 2, 3, 4].map(() => hold.empty(parameterCount));
  const norm = hold.filled(1);
  return {
    run() {
      globalNorm(gpu, { gradients, out: norm });
      adamW(gpu, { parameters, gradients, firstMoment, secondMoment, norm, step: 1, learningRate: 1e-6, clipNorm: 1 });
    },
    works: {
      square_sum: { bytes: bytesOf(parameterCount) },
      norm_finish: { bytes: bytesOf(Math.ceil(parameterCount / 4096)) },
      adamw: { bytes: bytesOf(7 * parameterCount) },
    },
  };
}

export const tableCases = (gpu, rows) => [
  { name: `embedding, ${rows} tokens of ${words}`, prepare: (hold) => embedding(gpu, hold, rows) },
  { name: `mean of texts of ${length}, ${rows} x ${width}`, prepare: (hold) => pooling(gpu, hold, rows) },
  { name: `${parameterCount} parameters`, prepare: (hold) => optimizer(gpu, hold) },
];
