/** No interactive request waits for ever. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import type { Jobs } from '../../../src/jobs/jobs.ts';
import { withinDeadline } from '../../../src/services/embedding/deadline.ts';

const config = loadConfig({});
const tandemWith = (limits: Partial<typeof config.limits>) => ({
  jobs: {} as Jobs,
  config: { ...config, limits: { ...config.limits, ...limits } },
});
const deaf = () => new Promise<never>(() => {});

describe('a deadline', () => {
  it('lets an answer in time through', async () => {
    expect(await withinDeadline(tandemWith({ requestMs: 20 }), undefined, async () => 7)).toBe(7);
  });

  it('ends deaf work as UNAVAILABLE and aborts its signal', async () => {
    let seen: AbortSignal | undefined;
    const work = withinDeadline(tandemWith({ requestMs: 20 }), undefined, (signal) => {
      seen = signal;
      return deaf();
    });
    await expect(work).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { remedy: expect.any(String) } });
    expect(seen?.aborted).toBe(true);
  });

  it("passes the client's going away on", async () => {
    const client = new AbortController();
    const work = withinDeadline(tandemWith({}), client.signal, async (signal) => {
      client.abort();
      signal.throwIfAborted();
    });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('refuses what would only wait, before it begins, and takes the next when one has ended', async () => {
    const tandem = tandemWith({ waitingRequests: 2 });
    const ended = new AbortController();
    const first = withinDeadline(tandem, undefined, () => once(ended.signal, 'abort'));
    const failing = withinDeadline(tandem, undefined, () => Promise.reject(new Error('no')));
    const begun: number[] = [];
    const third = withinDeadline(tandem, undefined, async () => void begun.push(3));
    await expect(third).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', details: { reason: 'queue-full' } });
    expect(begun).toEqual([]);
    await expect(failing).rejects.toThrow('no');
    expect(await withinDeadline(tandem, undefined, async () => 7)).toBe(7);
    ended.abort();
    await first;
  });
});
