import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHeart } from '../../../src/jobs/engine/heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('never begins a beat while one is under way, and beats on after it', async () => {
  const open: (() => void)[] = [];
  const stop = startHeart(() => new Promise((resolve) => open.push(resolve)), 1_000);
  await vi.advanceTimersByTimeAsync(5_500);
  expect(open).toHaveLength(1);
  open[0]?.();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(open).toHaveLength(2);
  open[1]?.();
  stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(open).toHaveLength(2);
});
