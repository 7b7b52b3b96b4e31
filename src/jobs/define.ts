/**
 * What a kind of durable work is: its input, what it uses, and what it does. A file of kinds/ a kind; the engine knows
 * kinds only as this.
 */
import type { z } from 'zod';
import type { CpuCommands, DeviceCommands } from '../../workers/protocol.ts';
import type { Config } from '../config.ts';
import type { Db, Transaction } from '../db/open.ts';
import type { AttemptDetails, JobEventData, JobProgress, Use } from '../db/schema/types.ts';
import type { JobRow } from '../db/schema.ts';
import type { AdapterReport } from '../device/types.ts';
import type { Logger } from '../log.ts';
import type { Retention } from '../retention/retention.ts';
import type { Storage } from '../storage/storage.ts';
import type { JobKindEntry } from './kinds/catalog.ts';
import type { Thread } from './threads/threads.ts';

/** What every handler works with. */
export interface JobTools {
  readonly db: Db;
  readonly storage: Storage;
  readonly retention: Retention;
  readonly cpu: Thread<CpuCommands>;
  readonly device: Thread<DeviceCommands>;
  /** What the device thread reported at start. */
  readonly adapter: AdapterReport;
  readonly config: Pick<Config, 'dataDir' | 'importDir' | 'hub'>;
  readonly log: Logger;
}

/** What a job made, in the words of its kind. */
export interface Made<Answer> {
  /** Id of the row that it made. */
  readonly resultId: string;
  /** What else the caller is told; kept with the job, so that every repeat and every restart tells the same. */
  readonly answer: Answer;
  /** Why it ended here, where that is not as planned; stands in the last event. */
  readonly reason?: string;
}

/** Proof that the end of the attempt is recorded; only `succeed` and `awaitParts` make one. */
export interface Finished {
  /** Null = the work goes on once its parts have ended. */
  readonly resultId: string | null;
}

/** Queues a job of a kind as a part of the one that makes it, in the given transaction; `id` is that of its row. */
export type SubmitPart = (kind: string, id: string, input: Readonly<Record<string, unknown>>) => Promise<void>;

/** One attempt, as the handler sees it. */
export interface JobContext<Answer> extends JobTools {
  readonly job: JobRow;
  /** What earlier attempts noted, oldest first. */
  readonly earlier: readonly AttemptDetails[];
  /** Aborts when the job is cancelled, its deadline passes, its lease is lost, or the process stops. */
  readonly signal: AbortSignal;
  /** Written from time to time; the last one always. */
  progress(progress: JobProgress): void;
  /** Keeps something for a later attempt. */
  note(details: AttemptDetails): Promise<void>;
  /**
   * A transaction that this attempt alone may make: the events that `write` returns are added to the job's. Throws
   * LostJob once another attempt owns the job, or it has ended.
   */
  record(write: (tx: Transaction) => Promise<readonly JobEventData[]>): Promise<void>;
  /**
   * Ends the attempt, not the job: it is queued again, and another attempt begins once every part that `write` submits
   * has ended, whatever its end. `write` reads and writes only through the given transaction.
   */
  awaitParts(write: (tx: Transaction, submit: SubmitPart) => Promise<void>): Promise<Finished>;
  /** Ends the attempt with this error, although the work itself goes on. */
  abandon(error: unknown): void;
  /**
   * The last thing that work does. `write` records what the work made, in the transaction that ends the job. It may be
   * called again after a lost connection, so it must read and write only through the given transaction.
   */
  succeed(write: (tx: Transaction) => Promise<Made<Answer>>): Promise<Finished>;
}

export interface JobDefinition<Input, Answer> {
  /** Its row of the catalog. */
  readonly entry: JobKindEntry;
  /** All that the work needs to know, as plain data without secrets; large parts lie in storage as payloads. */
  readonly input: z.ZodType<Input>;
  /** Rows and payloads that must stay until the job has ended; its host must have their files. */
  uses(input: Input): readonly Use[];
  /** Id of the row that it works on, of the type that the catalog says. */
  subject(input: Input): string | null;
  run(context: JobContext<Answer>, input: Input): Promise<Finished>;
}

/** A definition whose input and answer only its own file knows. */
// biome-ignore lint/suspicious/noExplicitAny: a definition reads its input itself, and writes its answer itself.
export type AnyJob = JobDefinition<any, any>;

export const defineJob = <Input, Answer>(definition: JobDefinition<Input, Answer>): JobDefinition<Input, Answer> =>
  definition;

/** The input of a kind, from its definition. */
export type InputOf<Job> = Job extends JobDefinition<infer Input, infer _> ? Input : never;
/** The answer of a kind, from its definition. */
export type AnswerOf<Job> = Job extends JobDefinition<infer _, infer Answer> ? Answer : never;

/** The kinds that an engine knows, by name. */
export type JobKinds = Readonly<Record<string, AnyJob>>;
