/** Events that come faster than anyone reads them. */

/** Passes on the first event, then at most one every `ms`; the last one of a full count always. */
export function atMostEvery<E extends { readonly doneBytes: number; readonly totalBytes: number }>(
  ms: number,
  emit: (event: E) => void,
): (event: E) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (event) => {
    const now = performance.now();
    if (now - last < ms && event.doneBytes < event.totalBytes) return;
    last = now;
    emit(event);
  };
}
