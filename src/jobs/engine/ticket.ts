/** The ticket of a QUEUED job. */
import type { JobRow } from '../../db/schema.ts';
import type { Ticket } from '../dispatch/types.ts';
import type { JobKindEntry } from '../kinds/catalog.ts';

/** `entry` undefined = a kind that this version does not know. */
export const ticketOf = ({ id, kind, place, notBefore }: JobRow, entry: JobKindEntry | undefined): Ticket => ({
  ...{ jobId: id, kind, place, notBefore },
  priority: entry?.priority ?? 0,
});
