/** Runs one program of the kit within a time, and ends all that it started. */
import { spawn } from 'node:child_process';

/** The longest text of a program's output that is kept. */
const longestOutput = 200_000;
/** A process that waits in a driver may outlive SIGKILL; after this many milliseconds it is left alone. */
const dyingMs = 5_000;

/**
 * Resolves with how the program ended: 'passed', 'failed' (and why) or 'killed' after `milliseconds`; its seconds, and
 * what it wrote to stdout, which is shown on stderr too. A signal to this process ends the program and this process.
 */
export function runWithin(milliseconds, args, { cwd, env }) {
  return new Promise((resolve) => {
    const begun = performance.now();
    let output = '';
    // In a process group of its own, so that its workers end with it.
    const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      process.stderr.write(text);
      output = (output + text).slice(-longestOutput);
    });
    const stop = () => {
      end(child);
      process.exit(130);
    };
    const finish = (ended, why) => {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of signals) process.off(signal, stop);
      // What it started may hold the pipe open, and would hold this process.
      end(child);
      child.stdout.destroy();
      child.unref();
      resolve({ ended, why, seconds: Number(((performance.now() - begun) / 1000).toFixed(1)), output });
    };
    const timers = [
      setTimeout(end, milliseconds, child),
      setTimeout(finish, milliseconds + dyingMs, 'killed', 'it did not end when it was killed'),
    ];
    for (const signal of signals) process.on(signal, stop);
    child.on('error', ({ message }) => finish('failed', message));
    child.on('exit', (code, signal) => {
      const why = code === 0 ? undefined : `it ended with ${signal ?? `code ${code}`}`;
      const isLate = performance.now() - begun >= milliseconds;
      setImmediate(finish, why === undefined ? 'passed' : isLate ? 'killed' : 'failed', why);
    });
  });
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function end({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}
