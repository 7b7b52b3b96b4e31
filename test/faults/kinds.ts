/**
 * The kinds of durable work, each with a request that takes long enough to be struck in its middle, and with what it
 * answers. The n-th request of a kind differs from the others, and asks for the same on every server.
 */
import type { TandemClient } from '../../src/client/index.ts';
import type { Place } from './place.ts';
import {
  addDocuments,
  attemptsOf,
  checkpointsOf,
  createModel,
  deriveModel,
  documentsOf,
  evaluate,
  exportCheckpoint,
  fuse,
  importDataset,
  importModel,
  type JobOfKey,
  jobsOf,
  runsNamed,
  startRun,
} from './requests.ts';
import { recordOf, textOf } from './texts.ts';
import { finish, resume, runOf } from './training.ts';

/** The n-th request of a kind on a server. */
export interface Asked {
  readonly client: TandemClient;
  readonly place: Place;
  readonly n: number;
  /** Undefined = without an idempotency key. */
  readonly key: string | undefined;
}

export interface Kind {
  readonly name: string;
  /** Resolves with the answer once the work is done. */
  request(asked: Asked): Promise<unknown>;
  /** The row of the work that was asked for under the key; undefined = there is none yet. */
  find(asked: Asked): Promise<JobOfKey | undefined>;
  /** How many attempts the row says that there were. */
  attempts(client: TandemClient, id: string): Promise<number>;
  /** What the answers do not say of what was made. */
  rows?(client: TandemClient, place: Place): Promise<unknown>;
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const job = (name: string, request: Kind['request'], rows: Kind['rows'] = undefined): Kind => ({
  name,
  request,
  find: async ({ client, key }) => (key === undefined ? undefined : (await jobsOf(client, key))[0]),
  attempts: async (client, id) => (await attemptsOf(client, id)).length,
  ...(rows && { rows }),
});

const importInline = job('import-dataset inline', ({ client, n, key }) => {
  const records = times(8_000, (i) => recordOf(100_000 * n + i, 20));
  return importDataset(client, `inline-${n}`, { records }, key);
});

const importPath = job('import-dataset from a path', ({ client, place, n, key }) =>
  importDataset(client, `path-${n}`, { path: place.file }, key),
);

const makeModel = job('create-model', ({ client, place, n, key }) => {
  const sizes = { vocabularySize: 256, maxPositions: 2_048, width: 64 };
  return createModel(client, { name: `made-${n}`, dataset: place.texts, seed: 100 + n, ...sizes }, key);
});

const takeModel = job('import-model from a folder', ({ client, place, n, key }) =>
  importModel(client, `imported-${n}`, place.folder, key),
);

const derive = job('derive-model', ({ client, place, n, key }) =>
  deriveModel(client, `derived-${n}`, place.largeModel, key),
);

const measure = job('evaluate', ({ client, place, key }) => evaluate(client, place.checkpoint, [place.search], key));

/** The powers make the fusions differ. */
const join = job('fuse', ({ client, place, n, key }) => fuse(client, place.trained, 1 + n / 50, key));

const embed = job(
  'embed-collection',
  ({ client, place, n, key }) => {
    const documents = times(1_500, (i) => ({ key: `${n}-${i}`, text: textOf(10_000 * n + i, 10) }));
    return addDocuments(client, place.collection, documents, key);
  },
  (client, place) => documentsOf(client, place.collection),
);

const copyOut = job('export-checkpoint', ({ client, place, n, key }) =>
  exportCheckpoint(client, place.large, `export-${n}`, key),
);

/** A run that was interrupted is resumed, as its user would do it. */
const train: Kind = {
  name: 'train',
  async request({ client, place: { model, dataset }, n, key }) {
    const wish = { name: `run-${n}`, model, dataset, seed: 100 + n, batches: 60, every: 7 };
    const id = await startRun(client, wish, key);
    if ((await runOf(client, id)).state === 'INTERRUPTED') await resume(client, id);
    const { ended } = await finish(client, id);
    const checkpoints = await checkpointsOf(client, id);
    return {
      state: ended.state,
      checkpoints: checkpoints.map(({ step, reason, digest }) => ({ step, reason, digest })),
    };
  },
  find: async ({ client, n }) => (await runsNamed(client, `run-${n}`))[0],
  attempts: async (client, id) => (await runOf(client, id)).attempt,
};

export const jobKinds: readonly Kind[] = [
  ...[importInline, importPath, makeModel, takeModel, derive, measure, join, embed, copyOut],
];
export const kinds: readonly Kind[] = [...jobKinds, train];
