/** A data folder of 0.2.0 in this version: everything in it is found as it was, and what was not finished goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResumeRunDocument, RunDocument, RunEventsDocument } from '../../src/client/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type EndedRun, expected, idOf, rowsOf, unpackFixture } from './old-data-folder/fixture.ts';
import { furtherSuite } from './old-data-folder/further.ts';
import { type Old, openOld } from './old-data-folder/harness.ts';
import { storedSuite } from './old-data-folder/stored.ts';

describe('a data folder of 0.2.0', () => {
  const folder = temporaryFolder();
  let old: Old;
  const current = () => old;
  afterAll(() => old?.tandem.close());

  describe('opened while its queued run waits', () => {
    beforeAll(async () => {
      await unpackFixture(folder());
      old = await openOld(folder(), { claims: false });
    });
    storedSuite(current);
  });

  describe('opened again', () => {
    beforeAll(async () => {
      await old.tandem.close();
      old = await openOld(folder(), { claims: true });
    });
    furtherSuite(current);

    it.each(expected.ended)('trains the $name run to its end', async ({ name, checkpoints, loss, ...end }) => {
      const { client, sameBits, sameVersion } = old;
      const id = idOf('Runs', name);
      const allowDifferentAdapter = !sameBits || !sameVersion;
      if (name === 'interrupted') await client.execute(ResumeRunDocument, { id, allowDifferentAdapter });
      const find = async () => (await client.execute(RunDocument, { id })).run;
      await expect.poll(async () => (await find())?.state, { timeout: 100_000 }).toBe('SUCCEEDED');
      const run = await find();
      expect(run).toMatchObject({ ...end, loss: sameBits ? expect.closeTo(loss, 4) : expect.any(Number) });
      // What 0.2.0 stored is found as it was. What follows is made at the same steps, but with other bits: 0.2.0
      // rounded the gradients of InfoNCE and PRO away where a row was nearly solved.
      type Checkpoint = EndedRun['checkpoints']['nodes'][number];
      const stored = new Set(rowsOf<Pick<Checkpoint, 'digest'>>('Checkpoints').map(({ digest }) => digest));
      const view = ({ reason, step, digest }: Checkpoint) => [reason, step, stored.has(digest) ? digest : 'new'];
      expect(run?.checkpoints.nodes.map(view)).toEqual(checkpoints.nodes.map(view));
      const seqs: number[] = [];
      for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId: id })) {
        if (event.__typename !== 'RunHeartbeat') seqs.push(event.seq);
      }
      expect(seqs).toEqual(Array.from({ length: run?.lastSeq ?? 0 }, (_, i) => i + 1));
    });
  });
});
