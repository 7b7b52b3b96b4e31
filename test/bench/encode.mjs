/**
 * Tokens per second of encoding: all-MiniLM-L6-v2 and BERT-base at equal lengths, all-MiniLM-L6-v2 at the lengths of
 * STS-B and Cranfield, there beside sentence-transformers and onnxruntime, which pad; one layer beside TensorFlow.js.
 */
import { encodeTexts } from '../../dist/src/serve/encode.js';
import { alternate, clocked, secondsWith } from './measure.mjs';
import { bertBase, equalLengths, oneLayer, openMiniLM, withEncoder } from './models.mjs';
import { textsOf } from './setup.mjs';
import { mixNames } from './texts.mjs';

/** Texts of each mix. */
const mixes = { sts: 512, cranfield: 48 };
/** What TensorFlow.js gets: texts, tokens of each. */
const layerShape = [8, 128];

export async function benchEncode(context) {
  const { gpu, model, models } = context;
  const use = { training: false };
  // BERT-base takes eight times as long for a token.
  const tokens = gpu.adapter.software ? { minilm: 1024, base: 512 } : { minilm: 16_384, base: 16_384 };
  const ofMiniLM = async (encoder) => {
    await atLengths(context, encoder, 'all-MiniLM-L6-v2', tokens.minilm);
    for (const mix of Object.keys(mixes)) await atMix(context, encoder, mix);
  };
  const ofBase = (encoder) => atLengths(context, encoder, 'BERT-base', tokens.base);
  if (models.includes('minilm')) await withEncoder(gpu, openMiniLM(model), use, ofMiniLM);
  if (models.includes('base')) await withEncoder(gpu, bertBase(), use, ofBase);
  if (context.peers.tfjs) await besideTfjs(context);
}

async function atLengths({ report, rounds }, encoder, name, wanted) {
  const { vocabularySize } = encoder.spec.architecture;
  for (const length of [32, 128, 512]) {
    const texts = textsOf(equalLengths(wanted, length), vocabularySize);
    const runners = { tandem: () => clocked(() => encodeTexts(encoder, texts, { task: 'ir' })) };
    const times = await alternate(runners, { rounds, seconds: secondsWith(runners) });
    const label = `${name}, ${texts.poolStart.length} texts of ${length}`;
    report.addAlternated({ part: 'encode', name: label, unit: 'tokens/s', amount: texts.ids.length }, times);
  }
}

async function atMix({ gpu, report, rounds, texts: source, peers }, encoder, mix) {
  const texts = await source.packed(mix, mixes[mix], encoder.spec.architecture.vocabularySize);
  const runners = { tandem: () => clocked(() => encodeTexts(encoder, texts, { task: 'ir' })) };
  if (source.areReal) {
    const strings = await source.strings(mix, mixes[mix]);
    // As sentence-transformers, from strings to vectors.
    runners.tandem = () => clocked(async () => encodeTexts(encoder, await source.tokenise(strings), { task: 'ir' }));
    if (peers.torch) await addPeers(peers, runners, { mix, strings, texts });
  }
  const times = await alternate(runners, { rounds, seconds: secondsWith(runners) });
  const name = `all-MiniLM-L6-v2, ${texts.poolStart.length} texts of ${mixNames[mix]}`;
  const shared = { texts: source.areReal ? 'real' : 'their lengths' };
  report.addAlternated({ part: 'encode', name, unit: 'tokens/s', amount: texts.ids.length, shared }, times);
  await report.profile('encode', name, gpu, () => encodeTexts(encoder, texts, { task: 'ir' }));
}

async function addPeers({ torch, onnx }, runners, { mix, strings, texts: { ids, cumulative } }) {
  await torch.ask('texts', { name: mix, strings });
  runners['sentence-transformers'] = () => torch.time('encode', { name: mix });
  const texts = strings.map((_, i) => Array.from(ids.subarray(cumulative[i], cumulative[i + 1])));
  await onnx.ask('ids', { name: mix, texts });
  runners.onnxruntime = () => onnx.time('encode', { name: mix });
}

/** Both in one thread. Ours has the embeddings, pooling and normalisation too, and a first reading of the results. */
async function besideTfjs({ gpu, openGpu, report, rounds, peers }) {
  const device = gpu.adapter.backend === 'wasm' ? await openGpu(1) : gpu;
  const [count, length] = layerShape;
  await withEncoder(device, oneLayer(), { training: false }, async (encoder) => {
    const texts = textsOf(new Array(count).fill(length), encoder.spec.architecture.vocabularySize);
    const runners = {
      tandem: () => clocked(() => encodeTexts(encoder, texts, { task: 'ir' })),
      tfjs: () => peers.tfjs.time('layer', { texts: count, tokens: length, repeats: 1 }),
    };
    const times = await alternate(runners, { rounds });
    const name = `one layer of all-MiniLM-L6-v2, ${count} texts of ${length}, one thread`;
    const shared = {
      about: 'TensorFlow.js: the layer alone, written with its ops; Tandem: a whole encoder of one layer',
    };
    report.addAlternated({ part: 'encode', name, unit: 'tokens/s', amount: count * length, shared }, times);
  });
  if (device !== gpu) await device.destroy();
}
