/**
 * A server killed by SIGKILL in the middle of the quickstart's training, and one stopped by SIGTERM: started again, the
 * run is INTERRUPTED and, resumed, ends with the very bits of an undisturbed run.
 */
import { describe, expect, it } from 'vitest';
import { servedFolders } from './served-folders.ts';
import { digestsOf, finish, resume, runOf, startTraining, untilMidTraining } from './training.ts';

const start = servedFolders();
/** Digest of each checkpoint of the undisturbed run, by step. */
let undisturbed: Record<number, string> = {};

const lastOf = (digests: Record<number, string>): [number, string] => {
  const step = Math.max(...Object.keys(digests).map(Number));
  return [step, digests[step]];
};

describe('quickstart-kill', () => {
  it('trains undisturbed', async () => {
    const { client } = await start('undisturbed');
    const run = await startTraining(client);
    expect((await finish(client, run)).ended.state).toBe('SUCCEEDED');
    undisturbed = await digestsOf(client, run);
    console.log(`undisturbed: step ${lastOf(undisturbed).join(', checkpoint ')}`);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('comes back after %s and ends with the same bits', async (signal) => {
    const first = await start(signal);
    const run = await startTraining(first.client);
    const step = await untilMidTraining(first.client, run);
    const { code, seconds } = await first.end(signal);
    console.log(`${signal} at step ${step}: exit code ${code} after ${seconds.toFixed(1)} s`);
    if (signal === 'SIGTERM') {
      expect(code).toBe(0);
      expect(seconds).toBeLessThan(10);
    }

    const { client } = await start(signal);
    const interrupted = await runOf(client, run);
    expect(interrupted.state).toBe('INTERRUPTED');
    const [resumedFrom] = lastOf(await digestsOf(client, run));
    if (signal === 'SIGTERM') expect(resumedFrom).toBeGreaterThanOrEqual(step);
    await resume(client, run);
    expect((await finish(client, run)).ended.state).toBe('SUCCEEDED');
    const ended = await digestsOf(client, run);
    console.log(`resumed from step ${resumedFrom}, ended at step ${lastOf(ended).join(', checkpoint ')}`);
    expect(lastOf(ended)).toEqual(lastOf(undisturbed));
    for (const [at, digest] of Object.entries(undisturbed)) expect([at, ended[Number(at)]]).toEqual([at, digest]);
  });
});
