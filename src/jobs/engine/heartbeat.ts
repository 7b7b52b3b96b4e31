/** Proof of life at intervals, one at a time: while the database does not answer, beats must not pile up in its pool. */

/** Begins to beat; the answer ends it. A beat that lasts longer than the interval takes the place of those it covers. */
export function startHeart(beat: () => Promise<void>, everyMs: number): () => void {
  let beating = false;
  async function once(): Promise<void> {
    if (beating) return;
    beating = true;
    await beat().finally(() => {
      beating = false;
    });
  }
  const timer = setInterval(() => void once(), everyMs).unref();
  return () => clearInterval(timer);
}
