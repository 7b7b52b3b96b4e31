/**
 * The port of dispatch: which job is worked on next, and by whom. It knows nothing else of jobs: attempts, fences,
 * events and results stay in our tables, so that another engine (pg-boss, Temporal) can stand here. Called by
 * jobs/engine alone.
 *
 * Delivery is at least once. A ticket whose job is not QUEUED any more is completed as done by the engine, and of two
 * tickets for one job the second finds it RUNNING; so a dispatcher may deliver twice, and must never lose a ticket.
 */
import type { Transaction } from '../../db/open.ts';

/** Says that a job waits. */
export interface Ticket {
  readonly jobId: string;
  readonly kind: string;
  /** The larger goes first; equal ones in the order in which they were enqueued. */
  readonly priority: number;
  /** Id of the only data folder whose host may work on it; null = any host. */
  readonly place: string | null;
  /** Not delivered earlier, by the dispatcher's clock; null = at once. */
  readonly notBefore: Date | null;
}

/**
 * A ticket in the hands of one process, until it completes it or lets the lease pass: 60 s after the claim or the last
 * beat, by the dispatcher's clock. It is void once the ticket was delivered again, enqueued again or withdrawn; a lease
 * that has passed without that is still renewed by a beat.
 */
export interface Claim {
  readonly jobId: string;
  /** The dispatcher's own handle of this delivery; no two deliveries have the same. */
  readonly token: string;
}

export interface ClaimRequest {
  /** Kinds that the process has free slots for. */
  readonly kinds: readonly string[];
  /** Id of the process's data folder; undefined = it takes the tickets of every place. */
  readonly place: string | undefined;
  /** Jobs that it cannot work on now, because it lacks their files. */
  readonly except: readonly string[];
}

export interface Delivery {
  /** Undefined = there is none for this request now. */
  readonly claim: Claim | undefined;
  /**
   * Without a claim: when to ask again even if nothing is enqueued, by the clock of the calling process; undefined =
   * then there is no need. That is when the first ticket for this request falls due or the lease of one ends; or soon,
   * if one is due that another transaction holds at this moment.
   */
  readonly askAgainAt?: Date | undefined;
}

/** After `done` and `failed` the ticket is gone; the engine enqueues a failed job again if it is to begin anew. */
export type Outcome =
  | { readonly type: 'done' }
  | { readonly type: 'failed' }
  /** Not begun: delivered again to any host, not before `until`. */
  | { readonly type: 'released'; readonly until: Date };

export interface Dispatcher {
  /**
   * Written in the caller's transaction, so that the job and its ticket appear together or not at all. Replaces the
   * job's earlier ticket with all that it said: a claim on that one becomes void.
   */
  enqueue(tx: Transaction, ticket: Ticket): Promise<void>;
  /** Outside of transactions, as beat and complete: what is claimed must outlast whatever the caller does next. */
  claim(request: ClaimRequest): Promise<Delivery>;
  /** Renews the leases. A claim that is void by now is passed over. */
  beat(claims: readonly Claim[]): Promise<void>;
  /** Has no effect if the claim is void by now. */
  complete(claim: Claim, outcome: Outcome): Promise<void>;
  /** Withdraws a job's ticket in the caller's transaction, also from a process that has claimed it. */
  cancel(tx: Transaction, jobId: string): Promise<void>;
}
