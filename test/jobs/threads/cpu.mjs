/**
 * A CPU thread that answers what runs ask of it, through the compiled runtime. The models that it derives are rows that
 * name one folder.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { TandemError } from '../../../dist/src/errors.js';
import { answer } from '../../../dist/workers/runtime.js';

async function behaviourOf(storageRoot) {
  return JSON.parse(await readFile(join(storageRoot, 'behaviour.json'), 'utf8').catch(() => '{}'));
}

const sizes = { bytes: 1000, dimension: 8, layers: 1, parameters: 1000, vocabularySize: 100 };
const architecture = { layers: 1, width: 8, heads: 2, innerWidth: 16, maxPositions: 32 };
const texts = { maxLength: 32, templates: { query: '', sts: '', passage: '' }, prompts: {} };

answer({
  tokenizeDataset: async ({ dataset, model, maxLength }) => {
    if ((await behaviourOf(workerData.storageRoot)).cpuExits) process.exit(8);
    return { key: `${dataset.slice(0, 8)}-${model.slice(0, 8)}-${maxLength}`, texts: 1, tokens: 10, truncated: 0 };
  },
  hasTeacherScores: (_, { signal }) => {
    signal.throwIfAborted();
    return false;
  },
  deriveModel: async ({ pooling, heads, includePrompt }, { signal }) => {
    const { derivations } = await behaviourOf(workerData.storageRoot);
    const behaviour = derivations?.[[pooling].flat()[0]];
    if (behaviour === 'waits') await sleep(60_000, undefined, { signal });
    if (behaviour) throw new TandemError(behaviour, 'as the test has it', { field: 'pooling' });
    const digest = createHash('sha256').update('theta_0').digest('hex');
    return { ...sizes, digest, spec: { family: 'bert', architecture, pooling, heads, includePrompt, ...texts } };
  },
});
