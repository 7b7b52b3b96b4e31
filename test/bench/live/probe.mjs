/**
 * Loaded into the bench's server by --import: how late its main thread's event loop comes, the processor time of that
 * thread and what its heap holds, told by IPC when the bench asks. Linux: /proc tells the processor time of a thread.
 */
import { openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const tickMs = 1;

/** Nanoseconds that the main thread was on a core stand first; its id is that of the process. */
const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const buffer = Buffer.alloc(100);
const cpuMs = () => Number.parseInt(buffer.toString('latin1', 0, readSync(schedule, buffer, 0, 100, 0)), 10) / 1e6;

/**
 * How long a request that may come at any moment waits for the loop, in milliseconds. A quantile over timers counts a
 * stall of a second once, as it counts a millisecond; this one counts every moment of it.
 */
function waitOf(delays, part, elapsedMs) {
  const sorted = [...delays].sort((a, b) => b - a);
  const allowed = elapsedMs * (1 - part);
  let [sum, count] = [0, 0];
  // The moments that wait longer than x are the sum of (delay - x) over the delays that are longer than x.
  for (const delay of sorted) {
    if (sum - count * delay > allowed) break;
    sum += delay;
    count++;
  }
  return Math.max(0, (sum - allowed) / count);
}

if (isMainThread && process.send) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const histogram = monitorEventLoopDelay({ resolution: tickMs });
  histogram.enable();
  let [began, cpuBegan] = [performance.now(), cpuMs()];
  let [last, cpuLast] = [began, cpuBegan];
  let delays = { wall: [], cpu: [] };
  setInterval(() => {
    const [now, cpu] = [performance.now(), cpuMs()];
    const delay = Math.max(0, now - last - tickMs);
    delays.wall.push(delay);
    // What of it this thread was at work, and not another process of a busy machine.
    delays.cpu.push(Math.min(delay, cpu - cpuLast));
    [last, cpuLast] = [now, cpu];
  }, tickMs).unref();

  /** Of the time since the last call. */
  function loop() {
    const elapsedMs = performance.now() - began;
    const timer = (percent) => Math.max(0, histogram.percentile(percent) / 1e6 - tickMs);
    const told = {
      seconds: elapsedMs / 1000,
      cpuMs: cpuMs() - cpuBegan,
      timers: { p50: timer(50), p99: timer(99), max: histogram.max / 1e6 - tickMs },
      moments: { p50: waitOf(delays.wall, 0.5, elapsedMs), p99: waitOf(delays.wall, 0.99, elapsedMs) },
      momentsAtWork: { p99: waitOf(delays.cpu, 0.99, elapsedMs), max: Math.max(...delays.cpu) },
    };
    histogram.reset();
    delays = { wall: [], cpu: [] };
    [began, cpuBegan] = [performance.now(), cpuMs()];
    [last, cpuLast] = [began, cpuBegan];
    return told;
  }

  function memory() {
    collect();
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { held: heapUsed + external, rss };
  }

  process.on('message', ({ call, id }) => process.send({ id, answer: call === 'memory' ? memory() : loop() }));
  process.channel.unref();
}
