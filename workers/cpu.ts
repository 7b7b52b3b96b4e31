/**
 * The CPU thread: importing, tokenising, model creation and import, the bag-of-words baseline and fusion. No GPU and no
 * database; it answers the commands of `CpuCommands` and keeps only tokenizers and keys of texts between them.
 */
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { createModel } from '../src/authoring/create-model.ts';
import { deriveModel } from '../src/authoring/derive-model.ts';
import { importModel } from '../src/authoring/import-model.ts';
import { writeTaskModel } from '../src/authoring/write-task-model.ts';
import { importDataset } from '../src/data/import.ts';
import { openDataset } from '../src/data/record-file.ts';
import { vouchForVersion } from '../src/data/record-vouch.ts';
import { hasTeacherScores } from '../src/data/teacher-scores.ts';
import { evaluateBagOfWords } from '../src/evaluation/bag-of-words.ts';
import { OverlapCounter } from '../src/evaluation/overlaps/count.ts';
import { poolCorpus } from '../src/evaluation/pool.ts';
import { compareUnits } from '../src/evaluation/statistics/compare-units.ts';
import { publishUnits } from '../src/evaluation/units/publish.ts';
import { readModelSpec } from '../src/formats/model-folder.ts';
import { fuse } from '../src/fusion/fuse.ts';
import { planFusion } from '../src/fusion/open-fusion.ts';
import { pauseOf } from '../src/fusion/pieces.ts';
import { candidateWeights } from '../src/fusion/search/candidate-weights.ts';
import { nextCandidate } from '../src/fusion/search/next-candidate.ts';
import { downloadModel } from '../src/hub/download.ts';
import { atMostEvery } from '../src/hub/throttle.ts';
import { startTracing } from '../src/observe/otel.ts';
import { confinedTo } from '../src/storage/foreign-file.ts';
import { readOwn } from '../src/storage/own-files.ts';
import { openStorage } from '../src/storage/storage.ts';
import { verifyObject } from '../src/storage/verify.ts';
import { tokenizeDataset } from '../src/tokens/tokenize-dataset.ts';
import { tokenizeTexts } from '../src/tokens/tokenize-texts.ts';
import { tokenizeWhole } from '../src/tokens/tokenize-whole.ts';
import { TokenizerCache } from '../src/tokens/tokenizer-cache.ts';
import { checkSameTrained, groupParameters } from '../src/train/parameter-groups.ts';
import type { CpuCommands, ThreadData } from './protocol.ts';
import { answer } from './runtime.ts';

const { storageRoot } = workerData as ThreadData;
const storage = openStorage(storageRoot);
const stopTracing = await startTracing('cpu');
const tokenizers = new TokenizerCache();
const overlaps = new OverlapCounter();

answer<CpuCommands>(
  {
    importDataset: (input, { signal, emit }) =>
      confinedTo('within' in input.source ? input.source.within : undefined, () =>
        importDataset(storage, input, { signal, onLines: (lines) => emit({ lines }) }),
      ),

    createModel: (input, { signal, emit }) =>
      createModel(storage, input, { signal, onStage: (stage) => emit({ stage }) }),

    downloadModel: ({ reference, settings }, { signal, emit }) =>
      downloadModel(reference, {
        ...{ folder: join(storageRoot, 'hub'), settings, signal },
        onProgress: atMostEvery(100, emit),
      }),

    deriveModel: (input, { signal, emit }) =>
      deriveModel(storage, input, { signal, onTensor: (done, total) => emit({ done, total }) }),

    importModel: ({ path, within, heads }, { signal, emit }) => {
      const onTensor = (done: number, total: number) => emit({ done, total });
      return confinedTo(within, () => importModel(storage, path, { heads, signal, onTensor }));
    },

    writeTaskModel: (request, { signal }) => writeTaskModel(storage, request, signal),

    tokenizeDataset: async (request, { signal }) => {
      return tokenizeDataset(storage, request, await tokenizers.of(storage, request.model), signal);
    },

    checkParameterGroups: async ({ model, optimizer, before }) => {
      const spec = await readOwn(storage, 'models', model, readModelSpec);
      groupParameters(spec, optimizer);
      if (before) checkSameTrained(spec, optimizer, before);
    },

    tokenizeTexts: async (input, { signal, transfer }) => {
      const tokenizer = await tokenizers.of(storage, input.model);
      const output = await tokenizeTexts(storage, input, tokenizer, signal);
      const { ids, cumulative, poolStart } = output.encoded;
      transfer(ids.buffer as ArrayBuffer, cumulative.buffer as ArrayBuffer, poolStart.buffer as ArrayBuffer);
      return output;
    },

    tokenizeWhole: async (input, { signal, transfer }) => {
      const within = 'within' in input.source ? input.source.within : undefined;
      const output = await confinedTo(within, () => tokenizeWhole(storage, input, tokenizers, signal));
      for (const { buffer } of [output.ids, output.cumulative, output.offsets]) transfer(buffer as ArrayBuffer);
      return output;
    },

    evaluateBagOfWords: async ({ dataset, split, pool }, { signal }) =>
      evaluateBagOfWords(await openDataset(storage, dataset), split, { pool, signal }),

    publishUnits: (input, { signal }) => publishUnits(storage, input, signal),

    compareUnits: (input, { signal }) => compareUnits(storage, input, pauseOf(signal)),

    countOverlap: (input, { signal }) => overlaps.count(storage, input, signal),

    hasTeacherScores: async ({ dataset }, { signal }) => hasTeacherScores(await openDataset(storage, dataset), signal),

    poolCorpus: async ({ dataset, split }, { signal, transfer }) => {
      const pool = await poolCorpus(await openDataset(storage, dataset), split, signal);
      transfer(pool.buffer as ArrayBuffer);
      return pool;
    },

    planFusion: (input) => planFusion(storage, input),

    fuse: (input, { signal, emit }) =>
      fuse(storage, input, { signal, onTensor: (done, total) => emit({ done, total }) }),

    nextCandidate: ({ space, before }) => nextCandidate(space, before) ?? null,

    candidateWeights: async (input, { signal, transfer }) => {
      const weights = await candidateWeights(storage, input, signal);
      transfer(...weights.tensors.map(({ data }) => data.buffer as ArrayBuffer));
      return weights;
    },

    verifyObject: (object, { signal }) => verifyObject(storage, object, { datasets: vouchForVersion }, signal),
  },
  { onClose: stopTracing },
);
