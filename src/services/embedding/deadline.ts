/** The deadline of interactive requests, and how many of them there may be at once. */
import { limitExceeded, unavailable } from '../../errors.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

/** How many are under way. */
const underWay = new WeakMap<Jobs, number>();

/**
 * Runs `work` with a signal that aborts when the client disconnects or the deadline passes. At the deadline it throws
 * UNAVAILABLE at once, even while a thread is too busy to see the signal. LIMIT_EXCEEDED, before anything is done,
 * where as many as may be are under way: waiting longer than a client does helps nobody.
 */
export async function withinDeadline<T>(
  { jobs, config: { limits } }: Pick<Tandem, 'jobs' | 'config'>,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { requestMs, waitingRequests } = limits;
  const before = underWay.get(jobs) ?? 0;
  if (before >= waitingRequests) throw queueFull(waitingRequests);
  underWay.set(jobs, before + 1);
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = tooLong(requestMs);
      reject(error);
      deadline.abort(error);
    }, requestMs);
  });
  try {
    return await Promise.race([work(AbortSignal.any([deadline.signal, ...(signal ? [signal] : [])])), over]);
  } finally {
    clearTimeout(timer);
    underWay.set(jobs, (underWay.get(jobs) ?? 1) - 1);
  }
}

const queueFull = (most: number) =>
  limitExceeded(`${most} requests for vectors or searches are under way already`, {
    reason: 'queue-full',
    field: 'request',
    expected: `at most ${most} at once`,
    remedy: 'Send it again in a second or two, and several texts in one request.',
  });

const tooLong = (ms: number) =>
  unavailable(`The request took longer than ${ms / 1_000} s`, {
    field: 'request',
    expected: `an answer within ${ms / 1_000} s`,
    remedy: 'Send fewer texts at once, or wait until imports, new models and fusions are done.',
  });
