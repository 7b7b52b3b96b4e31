import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHeartbeat } from '../../../src/jobs/engine/heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('never starts a heartbeat while one is being written, and goes on after it', async () => {
  const open: (() => void)[] = [];
  const stop = startHeartbeat(() => new Promise((resolve) => open.push(resolve)), 1_000);
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
