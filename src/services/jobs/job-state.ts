/** What the state of a job means for its kind. */
import type { JobRow } from '../../db/schema.ts';
import { type JobKindEntry, jobKindCatalog } from '../../jobs/kinds/catalog.ts';
import { isTerminal } from '../runs/run-state.ts';

/** Undefined = a kind that this version does not know. */
export const entryOf = ({ kind }: Pick<JobRow, 'kind'>): JobKindEntry | undefined =>
  jobKindCatalog.find(({ name }) => name === kind);

/** Nothing more happens unless it is requested again. Interrupted work that can be resumed has not ended. */
export const hasEnded = (job: Pick<JobRow, 'kind' | 'state'>): boolean =>
  isTerminal(job.state) || (job.state === 'INTERRUPTED' && entryOf(job)?.retry !== null);
