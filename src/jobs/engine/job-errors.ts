/** The errors of background jobs, and which of them a repeated request may overcome. */
import type { JobRow } from '../../db/schema.ts';
import { conflict, unavailable } from '../../errors.ts';

export const stopping = () =>
  unavailable('Tandem is stopping', { reason: 'stopping', remedy: 'Send the request again once Tandem has started.' });

export const otherHost = ({ id, host }: JobRow) =>
  conflict(`Job ${id} runs on another host, ${host}`, {
    field: 'id',
    expected: 'a job that runs on this host',
    remedy: 'Cancel it there. If that host is dead, the job is interrupted within two minutes.',
  });

/** True of a job that was interrupted or cancelled, or that failed because something was unavailable at the time. */
export const canStartAgain = ({ state, error }: JobRow): boolean =>
  state === 'INTERRUPTED' || state === 'CANCELLED' || (state === 'FAILED' && error?.code === 'UNAVAILABLE');

export const otherRequest = (first: JobRow) =>
  conflict(`The idempotency key "${first.idempotencyKey}" was used for another request`, {
    field: 'idempotencyKey',
    expected: `the input of job ${first.id}`,
    remedy: 'Use a new key for a new request.',
  });
