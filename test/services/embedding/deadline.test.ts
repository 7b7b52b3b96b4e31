/** No interactive request waits for ever. */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config.ts';
import { withinDeadline } from '../../../src/services/embedding/deadline.ts';

const limits = { ...defaultLimits, requestMs: 20 };
const deaf = () => new Promise<never>(() => {});

describe('a deadline', () => {
  it('lets an answer in time through', async () => {
    expect(await withinDeadline(limits, undefined, async () => 7)).toBe(7);
  });

  it('ends deaf work as UNAVAILABLE and aborts its signal', async () => {
    let seen: AbortSignal | undefined;
    const work = withinDeadline(limits, undefined, (signal) => {
      seen = signal;
      return deaf();
    });
    await expect(work).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { remedy: expect.any(String) } });
    expect(seen?.aborted).toBe(true);
  });

  it("passes the client's going away on", async () => {
    const client = new AbortController();
    const work = withinDeadline(defaultLimits, client.signal, async (signal) => {
      client.abort();
      signal.throwIfAborted();
    });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
});
