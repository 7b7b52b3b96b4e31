/**
 * The event loop in portions: what many do at once is spread over turns of the loop, between which it serves others.
 */

/** Who goes on in one turn of the loop; each sends a few items. */
const portion = 16;

const waiting: (() => void)[] = [];

/** Resolves in this turn of the loop's queue: soon, and never for more than a portion at once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(next);
  });
}

function next(): void {
  for (const resolve of waiting.splice(0, portion)) resolve();
  if (waiting.length > 0) setImmediate(next);
}
