/** The time that an interactive request may take. */
import type { Limits } from '../../config.ts';
import { unavailable } from '../../errors.ts';

/**
 * Runs `work` with a signal that aborts when the client goes away or the time is over. Over is UNAVAILABLE at once,
 * even while a thread is deaf in long work.
 */
export async function withinDeadline<T>(
  { requestMs }: Limits,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
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
  }
}

const tooLong = (ms: number) =>
  unavailable(`The request took longer than ${ms / 1_000} s`, {
    field: 'request',
    expected: `an answer within ${ms / 1_000} s`,
    remedy: 'Send fewer texts at once, or wait until imports, new models and fusions are done.',
  });
