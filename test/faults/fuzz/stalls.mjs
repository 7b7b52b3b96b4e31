/**
 * Loaded into the server (`node --import`) by test/faults/fuzz.test.ts: writes a line of JSON to the file of
 * TANDEM_TEST_STALLS whenever the event loop of the main thread was late. `at` is the time by Date.now() when it went
 * on, `late` how much too late, `waited` for how much of that the thread was ready and got no core (Linux), so that
 * late - waited is the service's own doing; all in milliseconds.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const everyMs = 10;
const tellMs = 40;
const path = process.env.TANDEM_TEST_STALLS;

/** Milliseconds that this thread waited for a core since it began. */
function waitedMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

function watch() {
  let [last, waitedThen] = [performance.now(), waitedMs()];
  setInterval(() => {
    const [now, waitedNow] = [performance.now(), waitedMs()];
    const [late, waited] = [now - last - everyMs, waitedNow - waitedThen];
    if (late >= tellMs) appendFileSync(path, `${JSON.stringify({ at: Date.now(), late, waited })}\n`);
    [last, waitedThen] = [performance.now(), waitedMs()];
  }, everyMs).unref();
}

// Processes that the server starts may inherit its arguments.
if (path && isMainThread && process.argv.includes('serve')) watch();
