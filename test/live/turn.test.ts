/** Turns of the event loop: everybody has theirs, in order, and none takes long. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LoopTurns } from '../../src/live/turn.ts';

it('lets everybody go on in the order in which they came', async () => {
  const turns = new LoopTurns();
  const told: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      for (let round = 0; round < 3; round++) {
        await turns.take();
        told.push(i + 200 * round);
      }
    }),
  );
  expect(told).toEqual(Array.from({ length: 600 }, (_, i) => i));
});

it('lets few go on in a turn where each takes long, and others have the loop in between', async () => {
  const turns = new LoopTurns();
  const workMs = 5;
  let done = 0;
  const all = Promise.all(
    Array.from({ length: 40 }, async () => {
      await turns.take();
      for (const until = performance.now() + workMs; performance.now() < until; );
      done++;
    }),
  );
  const inTurns: number[] = [];
  for (let before = 0; done < 40; before = done) {
    await nextTurn();
    inTurns.push(done - before);
  }
  await all;
  // Four at first, before it is known how long they take; then what fits into 10 ms.
  expect(Math.max(...inTurns)).toBeLessThanOrEqual(4);
  expect(inTurns.filter((count) => count > 2).length).toBeLessThanOrEqual(1);
});
