/**
 * onnxruntime's CPU provider as a peer: encodes token ids in batches of 32, sorted by length and padded to the longest
 * of each. The folder of the peers is the argument. Tokenising is not part of its time.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answer, clocked } from './answer.mjs';

const load = createRequire(join(process.argv[2], 'package.json'));
const ort = load('onnxruntime-node');
const batchSize = 32;
const batches = new Map();
let session;

/** ids, mask [B, longest] of texts by their ids. */
function padded(texts) {
  const longest = Math.max(...texts.map(({ length }) => length));
  const shape = [texts.length, longest];
  const [ids, mask] = [new BigInt64Array(shape[0] * longest), new BigInt64Array(shape[0] * longest)];
  texts.forEach((text, row) => {
    text.forEach((id, i) => {
      ids[row * longest + i] = BigInt(id);
      mask[row * longest + i] = 1n;
    });
  });
  return { input_ids: new ort.Tensor('int64', ids, shape), attention_mask: new ort.Tensor('int64', mask, shape) };
}

await answer({
  async start({ path, threads }) {
    session = await ort.InferenceSession.create(path, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
    });
    return { versions: { 'onnxruntime-node': load('onnxruntime-node/package.json').version }, threads };
  },
  ids({ name, texts }) {
    const sorted = texts.toSorted((a, b) => b.length - a.length);
    const count = Math.ceil(sorted.length / batchSize);
    batches.set(
      name,
      Array.from({ length: count }, (_, i) => padded(sorted.slice(i * batchSize, (i + 1) * batchSize))),
    );
  },
  encode: ({ name }) =>
    clocked(async () => {
      for (const batch of batches.get(name)) await session.run(batch);
    }),
});
