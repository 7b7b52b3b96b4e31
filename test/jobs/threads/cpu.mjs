/** A CPU thread that answers what runs ask of it, through the compiled runtime. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { answer } from '../../../dist/workers/runtime.js';

answer({
  tokenizeDataset: async ({ dataset, model, maxLength }) => {
    const behaviour = await readFile(join(workerData.storageRoot, 'behaviour.json'), 'utf8').catch(() => '{}');
    if (JSON.parse(behaviour).cpuExits) process.exit(8);
    return { key: `${dataset.slice(0, 8)}-${model.slice(0, 8)}-${maxLength}`, texts: 1, tokens: 10, truncated: 0 };
  },
  hasTeacherScores: (_, { signal }) => {
    signal.throwIfAborted();
    return false;
  },
});
