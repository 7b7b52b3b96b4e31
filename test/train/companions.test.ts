/** Runs of a tiny model on each loss beside CoDiEmb's: it trains, reports its value, and lowers it. */
import { expect, it } from 'vitest';
import type { Task } from '../../src/data/types.ts';
import { type LossEntry, lossCatalog } from '../../src/nn/losses/catalog.ts';
import { defaultRunSettings } from '../../src/train/catalog.ts';
import { train } from '../../src/train/loop.ts';
import type { TrainEvent } from '../../src/train/types.ts';
import { testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';
import { withTeacher } from './taught.ts';

const folder = temporaryFolder();

const rows: readonly LossEntry[] = lossCatalog;
const { losses: codiemb } = defaultRunSettings;
const preset = [...codiemb.ir, ...codiemb.sts];
const companions = lossCatalog.filter(({ name }) => preset.every(({ loss }) => loss !== name));
const cases = companions.flatMap(({ name }) =>
  rows.find((row) => row.name === name)!.tasks.map((task) => [name, task] as const),
);

/** The mean value of the loss in the steps of an epoch. */
function meanOf(events: readonly TrainEvent[], task: Task, name: string, epoch: number): number {
  const steps = events.filter((event) => event.type === 'step' && event.task === task && event.epoch === epoch);
  const values = steps.map((event) => (event.type === 'step' ? event.components[name]! : Number.NaN));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

it.each(cases)('%s on %s', async (loss, task) => {
  const other = task === 'ir' ? 'sts' : 'ir';
  const settings = tinySettings({
    epochs: 4,
    ...{ dropout: 0, attentionDropout: 0 },
    losses: { ...codiemb, [task]: [{ loss, weight: 1, parameters: {} }] },
  });
  const tiny = await prepareTinyRun(`${folder()}/${loss}-${task}`, settings);
  const isTaught = rows.some(({ name, needs }) => name === loss && needs === 'teacher');
  const { input, storage } = isTaught ? await withTeacher(tiny, [task]) : tiny;
  const datasets = input.datasets.filter((dataset) => dataset.task !== other);
  const events: TrainEvent[] = [];
  const output = await train(
    await testGpu(),
    storage,
    { ...input, datasets },
    {
      signal: new AbortController().signal,
      turn: async () => {},
      pieceTokens: Number.POSITIVE_INFINITY,
      emit: (event) => events.push(event),
    },
  );
  expect(output).toMatchObject({ outcome: 'finished', epoch: 4 });
  const epochs = events.flatMap((event) => (event.type === 'step' ? [event.epoch] : []));
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)].map((epoch) => meanOf(events, task, loss, epoch));
  expect(last).toBeLessThan(first!);
});
