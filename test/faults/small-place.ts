/** What short writes need before they begin: a data set, a model, and a run whose digests every repeat must have. */
import type { TandemClient } from '../../src/client/index.ts';
import { checkpointsOf, createModel, importDataset, startRun } from './requests.ts';
import { recordOf } from './texts.ts';
import { finish } from './training.ts';

export interface SmallPlace {
  /** Records of similarity. */
  readonly dataset: string;
  readonly model: string;
  /** The model's untrained one. */
  readonly checkpoint: string;
  /** Checkpoints of one run. */
  readonly trained: readonly string[];
  /** Digests of the run's checkpoints, by step. */
  readonly digests: Readonly<Record<number, string>>;
}

/** Settings of the run of the place: who repeats them gets its digests. */
export const smallRun = { seed: 1, batches: 4, every: 2 } as const;

/** Digests of a run's checkpoints, by step. */
export async function digestsOfRun(client: TandemClient, run: string): Promise<Record<number, string>> {
  const made = await checkpointsOf(client, run);
  return Object.fromEntries(made.map(({ step, digest }) => [step, digest]));
}

export async function prepareSmallPlace(client: TandemClient): Promise<SmallPlace> {
  const records = Array.from({ length: 300 }, (_, i) => recordOf(i, 8));
  const { dataset } = await importDataset(client, 'base', { records }, undefined);
  const sizes = { vocabularySize: 128, maxPositions: 64, width: 32 };
  const model = await createModel(client, { name: 'base', dataset: dataset.id, seed: 1, ...sizes }, undefined);
  const wish = { name: 'base', model: model.id, dataset: dataset.id, ...smallRun };
  const run = await startRun(client, wish, undefined);
  await finish(client, run);
  const trained = (await checkpointsOf(client, run)).filter(({ step }) => step > 0);
  return {
    ...{ dataset: dataset.id, model: model.id, checkpoint: model.checkpoint.id },
    trained: trained.map(({ id }) => id),
    digests: await digestsOfRun(client, run),
  };
}
