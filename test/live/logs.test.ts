/** A log that many follow: what is read for one is read for all. */
import { expect, it } from 'vitest';
import { Logs } from '../../src/live/logs.ts';
import { Notifier } from '../../src/live/notifier.ts';
import { SharedCall } from '../../src/live/shared-call.ts';

interface Numbered {
  readonly seq: number;
}

/** A log of so many items; `reads` are the numbers behind which pages were read. */
function openLog(length: number) {
  const reads: number[] = [];
  /** As a query of Drizzle: it runs whenever somebody awaits it. */
  const page = (_id: string, after: number): Promise<Numbered[]> => {
    const run = async () => {
      reads.push(after);
      return Array.from({ length: Math.min(200, length - after) }, (_, i) => ({ seq: after + 1 + i }));
    };
    // biome-ignore lint/suspicious/noThenProperty: as Drizzle has it.
    return { then: (...takers: Parameters<Promise<Numbered[]>['then']>) => run().then(...takers) } as never;
  };
  return { reads, logs: new Logs({ head: async () => ({ lastSeq: length }), page }, new Notifier()) };
}

it('reads a page once for all who come back at the same time, and gives all the same items', async () => {
  const { reads, logs } = openLog(300);
  const readers = Array.from({ length: 50 }, () => logs.attach('log'));
  const pages = await Promise.all(readers.map((reader) => reader.read(100)));
  expect(reads).toEqual([100]);
  expect(pages[0]?.items.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, i) => 101 + i));
  expect(new Set(pages.map(({ items }) => items[0])).size).toBe(1);
});

it('reads a page again after a failure', async () => {
  let failures = 1;
  const page = async (): Promise<Numbered[]> => {
    if (failures-- > 0) throw new Error('the database is gone');
    return [{ seq: 1 }];
  };
  const logs = new Logs({ head: async () => ({ lastSeq: 1 }), page }, new Notifier());
  const reader = logs.attach('log');
  await expect(reader.read(0)).rejects.toThrow('gone');
  expect((await reader.read(0)).items).toEqual([{ seq: 1 }]);
});

it('makes one call at a time, whenever it is asked for', async () => {
  let [open, most] = [0, 0];
  const call = new SharedCall(async () => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
  });
  const asked: Promise<void>[] = [];
  // At every microtask around the ends of calls.
  for (let i = 0; i < 60; i++) {
    asked.push(call.now());
    await Promise.resolve();
  }
  await Promise.all(asked);
  expect(most).toBe(1);
});
