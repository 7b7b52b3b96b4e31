/** SIGINT and SIGTERM: the first one stops in order within ten seconds, a second one at once. */
export const graceMs = 10_000;

/** Longer than every bound of an orderly stop; whatever still hangs then is abandoned. */
const lastResortMs = graceMs + 1_000;

/**
 * Runs `work`, which gets a promise of the first signal and has to end soon after it. After a signal the process
 * exits with code 0, with 1 if the stop hangs, and with 130 on a second signal.
 */
export async function untilSignal(work: (signal: Promise<void>) => Promise<void>): Promise<void> {
  let stopped = false;
  const signal = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (stopped) process.exit(130);
        stopped = true;
        process.stderr.write(`${name}: stopping in order (once more stops at once)\n`);
        setTimeout(() => process.exit(1), lastResortMs).unref();
        resolve();
      });
    }
  });
  await work(signal);
  if (stopped) process.exit(0);
}
