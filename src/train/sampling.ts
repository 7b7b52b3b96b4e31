/** How a run goes over its data sets, and what it tells of those records that an epoch leaves out. */
import { type Sampling, samplingOf } from '../data/samplers/index.ts';
import type { RunSettings } from './catalog.ts';
import type { TrainingData } from './data.ts';
import { textsShown } from './draw.ts';

/** Throws BAD_USER_INPUT where a data set gives no batch. */
export const samplingOfRun = (settings: RunSettings, data: readonly TrainingData[]): Sampling =>
  samplingOf(
    settings,
    data.map(({ dataset: { name, task, weight }, file: { splits } }, dataset) => ({
      ...{ name, task, weight },
      n: splits.train.query.length,
      textsOf:
        settings.distinctTexts && task === 'ir'
          ? (visit) => textsShown({ settings, data }, { ...visit, dataset })
          : undefined,
    })),
  );

/** The warnings of an epoch (from 0); `leftOut` is that of its plan. */
export const leftOutWarnings = (epoch: number, leftOut: readonly number[], data: readonly TrainingData[]): string[] =>
  leftOut.flatMap((count, index) =>
    count === 0
      ? []
      : [
          `Epoch ${epoch + 1} leaves ${count} records of data set ${data[index]!.dataset.name} out: they would repeat texts within a batch. Batches of another pass take their place.`,
        ],
  );
