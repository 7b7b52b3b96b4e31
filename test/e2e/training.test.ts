/** The compiled device thread, spoken to as jobs/ does: a run, vectors made meanwhile, a stop, and a clean exit. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerEntry } from '../../src/assets.ts';
import type { TrainEvent } from '../../src/train/types.ts';
import type { DeviceCommands, ThreadData } from '../../workers/protocol.ts';
import { type Connection, connect } from '../../workers/runtime.ts';
import { randomTexts } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from '../train/fixture.ts';

const folder = temporaryFolder();
let worker: Worker;
let device: Connection<DeviceCommands>;

beforeAll(() => {
  const workerData: ThreadData = { adapter: 'auto', storageRoot: folder() };
  worker = new Worker(workerEntry('device'), { workerData });
  device = connect<DeviceCommands>(worker, 'device');
});

/** The thread exits with 0 when it is closed. Here, because the tests share it, and each of them runs alone. */
afterAll(async () => {
  const exited = once(worker, 'exit');
  await device.close();
  expect(await exited).toEqual([0]);
});

describe('the device thread', () => {
  it('tells its adapter', async () => {
    const adapter = await device.call('describe', {});
    expect(adapter.name.length).toBeGreaterThan(0);
    expect(adapter.limits['maxBufferSize']).toBeGreaterThan(0);
  });

  it('plans, trains, and makes vectors while it trains', async () => {
    const { input } = await prepareTinyRun(folder(), tinySettings({ maxBatches: 6 }));
    const plan = await device.call('plan', input);
    expect(plan.steps).toBe(6);
    const events: TrainEvent[] = [];
    const training = device.call('train', input, { onEvent: (event) => events.push(event) });
    const texts = randomTexts([5, 9, 1], 50, 3);
    const request = { model: input.model, texts, task: 'ir' } as const;
    const [first, second] = [await device.call('encode', request), await device.call('encode', request)];
    expect(first).toMatchObject({ count: 3, dimension: 16 });
    expect(first.data).toEqual(second.data);
    expect(await training).toEqual({ outcome: 'finished', step: 6, epoch: 1 });
    expect(events.filter(({ type }) => type === 'step').length).toBe(6);
    const last = events.filter((event) => event.type === 'checkpoint').at(-1)!;
    const [evaluation] = await device.call('evaluate', {
      model: last.model,
      tokens: 'tiny-sts',
      split: 'test',
    });
    expect(evaluation!.metrics['cosine_spearman']).not.toBeNull();
    expect(await device.call('forget', { model: last.model })).toBeNull();
  });

  it('stops a run on request, keeps a checkpoint, and goes on from it', async () => {
    const { input } = await prepareTinyRun(folder(), tinySettings({ maxBatches: 9 }));
    const stop = new AbortController();
    const events: TrainEvent[] = [];
    const onEvent = (event: TrainEvent): void => {
      events.push(event);
      if (event.type === 'step' && event.step === 2) stop.abort();
    };
    const output = await device.call('train', input, { signal: stop.signal, onEvent });
    expect(output.outcome).toBe('stopped');
    const checkpoint = events.filter((event) => event.type === 'checkpoint').at(-1)!;
    expect(checkpoint).toMatchObject({ reason: 'stop', step: output.step });
    const resume = { model: checkpoint.model, state: checkpoint.state };
    expect(await device.call('train', { ...input, resume })).toMatchObject({ outcome: 'finished', step: 9 });
  });

  it('carries a refusal as what it is', async () => {
    const { input } = await prepareTinyRun(`${folder()}/refused`, tinySettings());
    await expect(device.call('train', { ...input, model: 'e'.repeat(64) })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});
