/**
 * Loaded into the server (`node --import`) by test/faults/fuzz.test.ts: writes a line of JSON to the file of
 * TANDEM_TEST_STALLS whenever the event loop of the main thread was late. `at` is the time by Date.now() when it went
 * on, `late` how much too late, `ran` for how much of that the thread was on a core, which is the service's own doing,
 * and `waited` for how much it was ready and got no core; all in milliseconds. The rest it waited for memory or a disk.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const everyMs = 10;
const tellMs = 40;
const path = process.env.TANDEM_TEST_STALLS;

/** Milliseconds since this thread began: on a core, and waiting for one. Without Linux all of the time is its own. */
function scheduled() {
  try {
    const [ran, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
  } catch {
    return { ran: performance.now(), waited: 0 };
  }
}

function watch() {
  let [last, then] = [performance.now(), scheduled()];
  setInterval(() => {
    const [late, now] = [performance.now() - last - everyMs, scheduled()];
    const [ran, waited] = [now.ran - then.ran, now.waited - then.waited];
    if (late >= tellMs) appendFileSync(path, `${JSON.stringify({ at: Date.now(), late, ran, waited })}\n`);
    [last, then] = [performance.now(), scheduled()];
  }, everyMs).unref();
}

// Processes that the server starts may inherit its arguments.
if (path && isMainThread && process.argv.includes('serve')) watch();
