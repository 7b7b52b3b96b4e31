/**
 * TensorFlow.js on its WASM backend as a peer: one layer of all-MiniLM-L6-v2, written with its ops, with random
 * weights and without padding, and matrix products of weights that lie as its fast kernel wants them, transposed to
 * ours. Under Node it computes in one thread. The folder of the peers is the argument.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answer, clocked } from './answer.mjs';

const load = createRequire(join(process.argv[2], 'package.json'));
const tf = load('@tensorflow/tfjs-core');
const wasm = load('@tensorflow/tfjs-backend-wasm');
const [width, heads, inner] = [384, 12, 1536];
const size = width / heads;

let weights;
let input;
const products = new Map();

function layerWeights() {
  const linear = (outputs, inputs) => ({ w: tf.randomNormal([inputs, outputs], 0, 0.05), b: tf.zeros([outputs]) });
  const norm = () => ({ gamma: tf.ones([width]), beta: tf.zeros([width]) });
  return {
    ...Object.fromEntries(['q', 'k', 'v', 'o'].map((name) => [name, linear(width, width)])),
    ...{ wide: linear(inner, width), narrow: linear(width, inner), first: norm(), second: norm() },
  };
}

const linear = (x, { w, b }) => tf.add(tf.matMul(x, w), b);

function layerNorm(x, { gamma, beta }) {
  const { mean, variance } = tf.moments(x, 1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-12))), gamma), beta);
}

const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

/** x [texts * tokens, width]; post-norm, as BERT. */
function layer(x, texts, tokens) {
  const split = (y) => tf.transpose(tf.reshape(y, [texts, tokens, heads, size]), [0, 2, 1, 3]);
  const [q, k, v] = ['q', 'k', 'v'].map((name) => split(linear(x, weights[name])));
  const scores = tf.softmax(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size)));
  const mixed = tf.reshape(tf.transpose(tf.matMul(scores, v), [0, 2, 1, 3]), [texts * tokens, width]);
  const attended = layerNorm(tf.add(linear(mixed, weights.o), x), weights.first);
  const fed = linear(gelu(linear(attended, weights.wide)), weights.narrow);
  return layerNorm(tf.add(fed, attended), weights.second);
}

await answer({
  async start() {
    wasm.setWasmPaths(join(load.resolve('@tensorflow/tfjs-backend-wasm/package.json'), '../dist/'));
    await tf.setBackend('wasm');
    await tf.ready();
    weights = layerWeights();
    const versions = { '@tensorflow/tfjs-backend-wasm': wasm.version_wasm };
    return { versions, threads: wasm.getThreadsCount?.() ?? 1 };
  },
  layer: ({ texts, tokens, repeats }) =>
    clocked(async () => {
      input ??= tf.randomNormal([texts * tokens, width]);
      for (let i = 0; i < repeats; i++) {
        const out = tf.tidy(() => layer(input, texts, tokens));
        await out.data();
        out.dispose();
      }
    }),
  matmul: ({ shape: [m, n, k], repeats }) =>
    clocked(async () => {
      const key = `${m} ${n} ${k}`;
      if (!products.has(key)) products.set(key, [tf.randomNormal([m, k]), tf.randomNormal([k, n])]);
      const [x, w] = products.get(key);
      for (let i = 0; i < repeats; i++) {
        const out = tf.matMul(x, w);
        await out.data();
        out.dispose();
      }
    }),
});
