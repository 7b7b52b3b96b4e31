/**
 * Heartbeats at a fixed interval, one write at a time, so that they do not queue up while the database does not
 * respond.
 */

/**
 * Calls `write` every `everyMs` until the returned function is called. A write longer than the interval delays the
 * next.
 */
export function startHeartbeat(write: () => Promise<void>, everyMs: number): () => void {
  let writing = false;
  async function once(): Promise<void> {
    if (writing) return;
    writing = true;
    await write().finally(() => {
      writing = false;
    });
  }
  const timer = setInterval(() => void once(), everyMs).unref();
  return () => clearInterval(timer);
}
