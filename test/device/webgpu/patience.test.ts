import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Patience } from '../../../src/device/webgpu/patience.ts';

describe('waiting for the device', () => {
  it('gives what was awaited, or its failure, several at a time', async () => {
    const patience = new Patience();
    const waits = [
      patience.for(sleep(20, 'slow')),
      patience.for(Promise.resolve('at once')),
      patience.for(sleep(5, 5)),
    ];
    expect(await Promise.all(waits)).toEqual(['slow', 'at once', 5]);
    await expect(patience.for(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  });

  it('lets other work go on meanwhile, and sleeps most of the time', async () => {
    const patience = new Patience();
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    let done = false;
    setImmediate(count);
    await patience.for(sleep(300));
    done = true;
    // Without the sleeps a loop makes a hundred thousand turns in that time; with them some 300 to 600.
    expect(turns).toBeGreaterThan(10);
    expect(turns).toBeLessThan(20_000);
  });
});
