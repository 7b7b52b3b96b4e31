/** Progress on stderr: a bar in a terminal, else a line every ten seconds. */
import { SingleBar } from 'cli-progress';
import { formatAmount, formatSeconds } from './output.ts';

export interface Progress {
  update(done: number, note: string): void;
  stop(): void;
}

/** `total` null = nobody knows it. */
export function startProgress(title: string, total: number | null, quiet = false): Progress {
  if (quiet) return { update() {}, stop() {} };
  return process.stderr.isTTY ? terminalBar(title, total) : plainLines(title, total);
}

function terminalBar(title: string, total: number | null): Progress {
  const bar = new SingleBar({
    format: total === null ? `${title} {value}  {note}` : `${title} [{bar}] {value}/{total}  {note}`,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(total ?? Number.MAX_SAFE_INTEGER, 0, { note: '' });
  return { update: (done, note) => bar.update(done, { note }), stop: () => bar.stop() };
}

/** At most one line every ten seconds, and one at the end. */
function plainLines(title: string, total: number | null): Progress {
  const begun = Date.now();
  let lastShown = begun;
  let last = '';
  return {
    update(done, note) {
      last = `${title} ${formatAmount(done, total)}  ${note}`.trimEnd();
      if (Date.now() - lastShown < 10_000) return;
      lastShown = Date.now();
      process.stderr.write(`${last}\n`);
    },
    stop() {
      if (last !== '') process.stderr.write(`${last}  (${formatSeconds((Date.now() - begun) / 1000)})\n`);
    },
  };
}
