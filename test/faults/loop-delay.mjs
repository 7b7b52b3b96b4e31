// Loaded into a server by --import: measures how late its main thread's event loop comes, and writes the quantiles in
// milliseconds to the file that LOOP_DELAY_FILE names, at each SIGUSR2, for the time since the one before.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('SIGUSR2', () => {
    // The histogram counts from one timer to the next, a millisecond apart.
    const quantile = (percent) => delay.percentile(percent) / 1e6 - 1;
    const report = { p50: quantile(50), p99: quantile(99), max: delay.max / 1e6 - 1 };
    writeFileSync(process.env.LOOP_DELAY_FILE, JSON.stringify(report));
    delay.reset();
  });
}
