/**
 * The CPU thread: importing, tokenising, model creation and import, the bag-of-words baseline and fusion. No GPU and no database;
 * it answers the commands of `CpuCommands` and keeps only tokenizers between them.
 */
import { join } from 'node:path';
import { importDataset } from '../src/data/import.ts';
import { tokenizeDataset } from '../src/data/tokenize-dataset.ts';
import { evaluateBagOfWords } from '../src/evaluation/bag-of-words.ts';
import { fuse } from '../src/fusion/fuse.ts';
import { downloadModel } from '../src/hub/download.ts';
import { openStorage } from '../src/storage/storage.ts';
import { createModel } from './create-model.ts';
import { importModel } from './import-model.ts';
import type { CpuCommands } from './protocol.ts';
import { answer } from './runtime.ts';
import { atMostEvery } from './throttle.ts';
import { tokenizeTexts } from './tokenize-texts.ts';
import { tokenizeWhole } from './tokenize-whole.ts';
import { TokenizerCache } from './tokenizer-cache.ts';

const tokenizers = new TokenizerCache();

answer<CpuCommands>({
  importDataset: ({ storageRoot, ...input }, { signal, emit }) =>
    importDataset(openStorage(storageRoot), input, { signal, onLines: (lines) => emit({ lines }) }),

  createModel: ({ storageRoot, ...input }, { signal, emit }) =>
    createModel(openStorage(storageRoot), input, { signal, onStage: (stage) => emit({ stage }) }),

  downloadModel: ({ storageRoot, reference, settings }, { signal, emit }) =>
    downloadModel(reference, {
      ...{ folder: join(storageRoot, 'hub'), settings, signal },
      onProgress: atMostEvery(100, emit),
    }),

  importModel: ({ storageRoot, path }, { signal, emit }) => {
    const onTensor = (done: number, total: number) => emit({ done, total });
    return importModel(openStorage(storageRoot), path, { signal, onTensor });
  },

  tokenizeDataset: async ({ storageRoot, ...request }, { signal }) => {
    const storage = openStorage(storageRoot);
    return tokenizeDataset(storage, request, await tokenizers.of(storage, request.model), signal);
  },

  tokenizeTexts: async ({ storageRoot, ...input }, { signal, transfer }) => {
    const storage = openStorage(storageRoot);
    const tokenizer = await tokenizers.of(storage, input.model);
    const output = await tokenizeTexts(storage, input, tokenizer, signal);
    const { ids, cumulative, poolStart } = output.encoded;
    transfer(ids.buffer as ArrayBuffer, cumulative.buffer as ArrayBuffer, poolStart.buffer as ArrayBuffer);
    return output;
  },

  tokenizeWhole: async ({ storageRoot, ...input }, { signal, transfer }) => {
    const output = await tokenizeWhole(openStorage(storageRoot), input, tokenizers, signal);
    for (const { buffer } of [output.ids, output.cumulative, output.offsets]) transfer(buffer as ArrayBuffer);
    return output;
  },

  evaluateBagOfWords: async ({ storageRoot, dataset, split }, { signal }) =>
    evaluateBagOfWords(await openStorage(storageRoot).require('datasets', dataset), split, signal),

  fuse: ({ storageRoot, ...input }, { signal }) => fuse(openStorage(storageRoot), input, { signal }),
});
