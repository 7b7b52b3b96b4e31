/** Starts the peers of a folder that setup.mjs made. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonOf } from './folder.mjs';
import { Peer } from './peer.mjs';

const beside = (file) => join(import.meta.dirname, file);

/** The peers that the parts need; without a folder there are none. */
export async function openPeers({ peers: folder, model, threads, only }) {
  if (folder === undefined) return { versions: {}, end: async () => {} };
  const opened = { torch: new Peer('PyTorch', pythonOf(folder), [beside('torch_peer.py')]) };
  const started = [await opened.torch.ask('start', { threads, path: model })];
  let work;
  if (only.includes('encode')) {
    work = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
    const path = join(work, 'model.onnx');
    await opened.torch.ask('export_onnx', { path });
    opened.onnx = new Peer('onnxruntime', process.execPath, [beside('onnx_peer.mjs'), folder]);
    started.push(await opened.onnx.ask('start', { path, threads }));
  }
  if (only.includes('encode') || only.includes('matmul')) {
    opened.tfjs = new Peer('TensorFlow.js', process.execPath, [beside('tfjs_peer.mjs'), folder]);
    started.push(await opened.tfjs.ask('start'));
  }
  return {
    ...opened,
    versions: Object.assign({}, ...started.map(({ versions }) => versions)),
    end: async () => {
      for (const peer of Object.values(opened)) peer.end();
      if (work !== undefined) await rm(work, { recursive: true, force: true });
    },
  };
}
