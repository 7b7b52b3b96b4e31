/** Writes what a checkpoint with heads is for one task, as a folder that every program reads: an export. */
import { readModelFolder, readTokenizerJson, writeModelFolder } from '../formats/model-folder.ts';
import { modelParameters } from '../model/pipeline.ts';
import { type TaskModel, taskModel } from '../model/task-model.ts';
import type { NamedTensor } from '../model/types.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import type { TaskModelRequest } from './types.ts';

/** Holds one tensor in memory at a time. */
export function writeTaskModel(
  storage: Storage,
  { model, task, folder }: TaskModelRequest,
  signal?: AbortSignal,
): Promise<void> {
  return readOwn(storage, 'models', model, async (path) => {
    const { spec, weights, tokenizerSettings, close } = await readModelFolder(path);
    try {
      const plain = taskModel(spec, task);
      const tensors = tensorsOf(plain, (name, shape) => weights.read(name, shape), signal);
      const tokenizerJson = await readTokenizerJson(path);
      await writeModelFolder(folder, { spec: plain.spec, tokenizerJson, tokenizerSettings, tensors });
    } finally {
      await close();
    }
  });
}

async function* tensorsOf(
  { spec, sourceOf }: TaskModel,
  read: (name: string, shape: readonly number[]) => Promise<Float32Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<NamedTensor> {
  for (const { name, shape } of modelParameters(spec)) {
    signal?.throwIfAborted();
    yield { name, shape, data: await read(sourceOf(name), shape) };
  }
}
