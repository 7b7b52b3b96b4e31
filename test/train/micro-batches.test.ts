/** The gradient cache: however a global batch is cut, every loss component stays the same, step after step. */
import { describe, expect, it } from 'vitest';
import type { RunSettings } from '../../src/train/catalog.ts';
import { train } from '../../src/train/loop.ts';
import { testGpu } from '../gpu.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
const steps = 20;

/** Components of every step's loss. */
async function components(settings: RunSettings): Promise<Record<string, number>[]> {
  const { input } = await prepareTinyRun(folder(), settings);
  const seen: Record<string, number>[] = [];
  await train(await testGpu(), input, {
    signal: new AbortController().signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'step') seen.push({ ...event.components });
    },
  });
  return seen;
}

/** The largest |a - b| / max(1, |a|) over all components of all steps. */
function largestDifference(a: readonly Record<string, number>[], b: readonly Record<string, number>[]): number {
  return Math.max(
    ...a.flatMap((step, index) =>
      Object.entries(step).map(([name, value]) => Math.abs(value - b[index]![name]!) / Math.max(1, Math.abs(value))),
    ),
  );
}

describe.each([
  { name: 'without dropout', dropout: 0 },
  { name: 'with dropout', dropout: 0.1 },
])('micro-batches $name', ({ dropout }) => {
  it('of the whole batch, half and an eighth give equal losses for 20 steps', async () => {
    // The largest batch has about 16 texts of 10 tokens.
    const settings = (microBatchTokens: number): RunSettings =>
      tinySettings({ epochs: 3, maxBatches: steps, dropout, attentionDropout: dropout, microBatchTokens });
    const whole = await components(settings(4096));
    expect(whole.length).toBe(steps);
    for (const tokens of [100, 25]) {
      expect(largestDifference(whole, await components(settings(tokens)))).toBeLessThanOrEqual(1e-5);
    }
  });
});
