/** Watches a server from outside and from inside: its probe, the stalls of its event loop, its memory. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A line of stalls.mjs. */
export interface Stall {
  readonly at: number;
  readonly late: number;
  readonly ran: number;
  readonly waited: number;
}

/** The service's own part of a stall, in milliseconds. */
export const ownPart = ({ late, ran }: Stall): number => Math.min(late, ran);

export const readStalls = (path: string): Stall[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Stall);

export interface Probe {
  readonly status: number;
  readonly ms: number;
}

/** Asks /health again and again until it is over. */
export async function probe(port: number, isOver: () => boolean): Promise<Probe[]> {
  const probes: Probe[] = [];
  while (!isOver()) {
    const start = performance.now();
    const status = await fetch(`http://127.0.0.1:${port}/health`).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => 0,
    );
    probes.push({ status, ms: performance.now() - start });
    await sleep(50);
  }
  return probes;
}

/** Resident memory of a process in MiB; undefined where /proc does not tell. */
export function memoryOf(pid: number): number | undefined {
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found ? Number(found[1]) / 1024 : undefined;
  } catch {
    return undefined;
  }
}
