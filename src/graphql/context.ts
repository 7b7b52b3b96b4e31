/** What every resolver is given. */
import type { ConnectionKind } from '../db/schema.ts';
import type { Caller } from '../services/access/types.ts';
import type { Tandem } from '../services/tandem.ts';

export interface Context {
  readonly tandem: Tandem;
  readonly caller: Caller;
  /** How the request came. */
  readonly connection: ConnectionKind;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Of a subscription: where its reader stands. */
  readonly position: EventPosition;
}

/** Where the reader of a subscription stands (event-position.ts). */
export interface EventPosition {
  /** The last event that the reader has, as it says; undefined = it begins. */
  readonly lastEventId: string | undefined;
  /** The number of the event that was made last; undefined before the first, and where events have none. */
  eventId: string | undefined;
  /** Whether the operation is within the limits and began. */
  begun: boolean;
}
