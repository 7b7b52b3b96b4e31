/**
 * Changes of all nouns in the order of their numbers: which is the last, and a stream that replays and follows. Opened
 * once by main.ts.
 */
import { asc, gt } from 'drizzle-orm';
import type { Database } from '../../db/open.ts';
import { type ChangedType, type ChangeRow, changedTypes, changes } from '../../db/schema.ts';
import { badInput, resync } from '../../errors.ts';
import { followLog } from '../../live/follow.ts';
import { Logs } from '../../live/logs.ts';
import { Notifier } from '../../live/notifier.ts';
import type { Logger } from '../../log.ts';
import { forgetChanges, keeping } from './keep.ts';
import { Sequencer } from './sequencer.ts';

/** A number, where there is nothing to tell of it: everything up to it is known. */
interface Position {
  readonly seq: number;
  readonly kind: 'position';
}

export type ChangeItem = ChangeRow | Position;

interface FollowRequest {
  /** Only changes of these; absent = of all. */
  readonly types?: readonly ChangedType[] | null | undefined;
  /** The last number that the caller knows; absent = it begins now, with the number of now. */
  readonly after?: number | null | undefined;
  readonly signal: AbortSignal;
  readonly heartbeatMs?: number;
}

export interface Changes {
  /** The last number, with that of everything that was committed before the call. */
  lastSeq(): Promise<number>;
  /** Rejects with RESYNC where changes behind `after` are no longer kept; the stream may end with it, too. */
  follow(request: FollowRequest): Promise<AsyncIterable<ChangeItem>>;
  /** Ends streams, and gives numbers no longer. */
  stop(): Promise<void>;
}

interface Options {
  readonly database: Database;
  readonly log: Logger;
}

const pageSize = 200;
const forgetEveryMs = 3_600_000;
/** Of the only log that there is. */
const all = 'changes';

export function openChanges({ database, log }: Options): Changes {
  const { db } = database;
  const notifier = new Notifier();
  const sequencer = new Sequencer({ database, log, onNumbered: () => notifier.wake(all) });
  const head = () => Promise.resolve({ lastSeq: sequencer.last });
  const page = async (_id: string, after: number): Promise<ChangeRow[]> => {
    const rows = await db
      .select()
      .from(changes)
      .where(gt(changes.seq, after))
      .orderBy(asc(changes.seq))
      .limit(pageSize);
    if (rows[0]?.seq !== after + 1) throw forgotten(after);
    return rows;
  };
  const logs = new Logs<{ lastSeq: number }, ChangeItem>({ head, page }, notifier);
  const forget = (): void =>
    void forgetChanges(db).catch((error: unknown) => log.warn({ error }, 'old changes could not be removed'));
  const forgetting = setInterval(forget, forgetEveryMs).unref();
  sequencer.wake();

  async function* follow(request: FollowRequest, after: number): AsyncGenerator<ChangeItem, void, undefined> {
    const { types, signal, heartbeatMs = 15_000 } = request;
    const told = new Set<string>(types ?? changedTypes);
    const reader = logs.attach(all);
    try {
      // A caller without a number of its own begins with that of now.
      if (!isGiven(request.after)) yield positionAt(after);
      yield* followLog(reader, {
        ...{ after, signal, heartbeatMs },
        heartbeat: positionAt,
        tells: (item: ChangeItem) => item.kind === 'position' || told.has(item.type),
        isOpen: () => true,
      });
    } finally {
      reader.detach();
    }
  }

  return {
    lastSeq: () => sequencer.now(),
    async follow(request) {
      const { after } = request;
      const last = await sequencer.now();
      if (!isGiven(after)) return follow(request, last);
      if (after < 0) throw badInput(`after is ${after}`, { field: 'after', expected: 'a seq of a change, or 0' });
      if (after > last) throw unknown(after, last);
      if (after < last) await page(all, after);
      return follow(request, after);
    },
    async stop() {
      clearInterval(forgetting);
      notifier.close();
      await sequencer.stop();
    },
  };
}

const positionAt = (seq: number): Position => ({ seq, kind: 'position' });

const isGiven = (after: number | null | undefined): after is number => after !== null && after !== undefined;

const again = {
  field: 'after',
  remedy: 'Load everything anew, and follow the changes from the number of changeSeq before that.',
} as const;

const forgotten = (after: number) =>
  resync(`The changes behind ${after} are no longer kept`, {
    ...again,
    expected: `a seq of the last ${keeping.days} days, or of the last ${keeping.atLeast} changes`,
  });

/** The client knows more than the database, which was restored from a backup, or is another one. */
const unknown = (after: number, last: number) =>
  resync(`The last change is ${last}, and after is ${after}`, { ...again, expected: `a seq up to ${last}` });
