/** Kills a server in the middle of a request, starts it again, and asks again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked, Kind } from './kinds.ts';
import type { JobOfKey } from './requests.ts';
import type { Stage } from './stage.ts';

/** Longer than any work of the faults takes, restarts and their pauses included. */
const patienceMs = 120_000;

/** Resolves with the first value that `look` finds; rejects after two minutes. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`after ${patienceMs / 1000} s there is still not ${what}`);
    await sleep(2);
  }
}

export const askedOn = (stage: Stage, n: number, key: string | undefined): Asked => ({
  client: stage.client(),
  place: stage.place,
  n,
  key,
});

const timeOf = (instant: string | null | undefined): number => (instant ? Date.parse(instant) : Number.NaN);

/** How long the row says that the work took, from its creation to its end, in milliseconds. */
export const lengthOf = ({ createdAt, finishedAt }: JobOfKey): number => timeOf(finishedAt) - timeOf(createdAt);

export interface Struck {
  readonly answer: unknown;
  /** Whether the work was alive when the process was killed. */
  readonly hit: boolean;
  /** What its row says in the end. */
  readonly attempts: number;
}

/** Kills `afterMs` after the row of the work is there. */
export async function strike(stage: Stage, kind: Kind, n: number, key: string, afterMs: number): Promise<Struck> {
  const asked = askedOn(stage, n, key);
  // Whether it breaks or has ended is seen from the row.
  const first = kind.request(asked).catch(() => {});
  const row = await until(`a row of ${kind.name} ${n}`, () => kind.find(asked));
  await sleep(afterMs);
  const killedAt = await stage.kill();
  await first;
  await stage.start();

  const again = askedOn(stage, n, key);
  const answer = await kind.request(again);
  const ended = await kind.find(again);
  if (ended?.id !== row.id) throw new Error(`${kind.name} ${n} has another row after the kill`);
  return { answer, hit: timeOf(ended.finishedAt) > killedAt, attempts: await kind.attempts(again.client, row.id) };
}
