/** A run with recomputed activations: the weights of one without, a smaller plan, and resumable to the same bits. */
import { describe, expect, it } from 'vitest';
import type { RunSettings } from '../../src/train/catalog.ts';
import { planTraining, train } from '../../src/train/loop.ts';
import type { TrainEvent, TrainInput } from '../../src/train/types.ts';
import { testGpu } from '../device.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, type TinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
let folders = 0;
const prepare = (changes: Partial<RunSettings>): Promise<TinyRun> =>
  prepareTinyRun(`${folder()}/${folders++}`, tinySettings(changes), tinySpec({ layers: 3 }));

/** Loss components of every step, and the last checkpoint. */
async function run({ storage, input }: TinyRun, { stopAfter = Number.POSITIVE_INFINITY, pieceTokens = 1e9 } = {}) {
  const losses: Readonly<Record<string, number>>[] = [];
  const stop = new AbortController();
  let last: Extract<TrainEvent, { type: 'checkpoint' }> | undefined;
  const output = await train(await testGpu(), storage, input, {
    signal: stop.signal,
    turn: async () => {},
    pieceTokens,
    emit: (event) => {
      if (event.type === 'step') losses.push(event.components);
      if (event.type === 'step' && event.step >= stopAfter) stop.abort();
      if (event.type === 'checkpoint') last = event;
    },
  });
  return { output, losses, checkpoint: last! };
}

describe('a run with recomputed activations', () => {
  it.each([
    ['whole batches', { microBatchTokens: 16_384 }, 1e9],
    ['several micro-batches', { microBatchTokens: 90 }, 1e9],
    ['batches in pieces', { microBatchTokens: 16_384 }, 40],
  ])('makes the weights of one without: %s', async (_, given, pieceTokens) => {
    const changes = { ...given, maxBatches: 7 };
    const kept = await run(await prepare(changes), { pieceTokens });
    const recomputed = await run(await prepare({ ...changes, recomputeActivations: true }), { pieceTokens });
    expect(recomputed.losses).toEqual(kept.losses);
    expect(recomputed.checkpoint.model).toBe(kept.checkpoint.model);
  });

  it('needs less memory by its plan', async () => {
    const gpu = await testGpu();
    const { storage, input } = await prepare({});
    const planOf = async (recomputeActivations: boolean) => {
      const settings = { ...input.settings, recomputeActivations };
      return (await planTraining(gpu, storage, { ...input, settings })).memory;
    };
    const [kept, recomputed] = [await planOf(false), await planOf(true)];
    expect(recomputed.activations).toBeLessThan(0.6 * kept.activations);
    expect(kept.total - recomputed.total).toBe(kept.activations - recomputed.activations);
  });

  it('goes on after a stop to the same bits, and only with the same setting', async () => {
    const tiny = await prepare({ maxBatches: 8, recomputeActivations: true });
    const whole = await run(tiny);
    const { output, checkpoint } = await run(tiny, { stopAfter: 3 });
    expect(output.outcome).toBe('stopped');
    const input: TrainInput = { ...tiny.input, resume: { model: checkpoint.model, state: checkpoint.state } };
    const rest = await run({ ...tiny, input });
    expect(rest.checkpoint).toEqual(whole.checkpoint);
    const settings = { ...input.settings, recomputeActivations: false };
    await expect(run({ ...tiny, input: { ...input, settings } })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
