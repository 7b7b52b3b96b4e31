/** Progress of jobs: of one that is followed to its end, and of the one that a mutation waits for. */
import {
  JobEventsDocument,
  type JobKind,
  type JobProgressFragment,
  RunningJobsDocument,
  type TandemClient,
} from '../client/index.ts';
import { untilServerStops } from './connect.ts';
import { RunNotSucceeded } from './exit-codes.ts';
import { type Progress, startProgress } from './progress.ts';

const pollMs = 500;

type Stage = Pick<JobProgressFragment, 'stage' | 'done' | 'total'>;

/** Shows one stage after the other. */
class StageProgress {
  #shown: { readonly name: string; readonly progress: Progress } | undefined;

  show({ stage, done, total }: Stage): void {
    if (stage === null) return;
    // A stage whose whole amount becomes known is shown anew.
    const name = `${stage} ${total}`;
    if (this.#shown?.name !== name) {
      this.stop();
      this.#shown = { name, progress: startProgress(stage, total) };
    }
    this.#shown?.progress.update(done, '');
  }

  stop(): void {
    this.#shown?.progress.stop();
    this.#shown = undefined;
  }
}

const isLive = ({ state }: Pick<JobProgressFragment, 'state'>): boolean => state === 'QUEUED' || state === 'RUNNING';

/**
 * Says on stderr that it waits or runs, and how far it is. Resolves with the job once it has ended; undefined if
 * nothing happened after the event `after`. `isStuck` is asked after each event at which it waits; where it says yes,
 * the job is returned though it has not ended. Throws {@link RunNotSucceeded} if the server stops before.
 */
export async function followJob(
  client: TandemClient,
  jobId: string,
  { after, isStuck }: { readonly after?: number | undefined; readonly isStuck?: () => Promise<boolean> },
): Promise<JobProgressFragment | undefined> {
  const progress = new StageProgress();
  let [last, told]: [JobProgressFragment?, string?] = [];
  try {
    for await (const { jobEvents } of untilServerStops(client.subscribe(JobEventsDocument, { jobId, after }))) {
      const line = `${jobEvents.kind}: ${jobEvents.waitsFor ?? jobEvents.state}\n`;
      if (isLive(jobEvents) && line !== told) {
        progress.stop();
        process.stderr.write(line);
        told = line;
      }
      last = jobEvents;
      progress.show(last);
      if (last.state === 'QUEUED' && (await isStuck?.())) return last;
    }
  } finally {
    progress.stop();
  }
  if (!last || !isLive(last)) return last;
  throw new RunNotSucceeded(
    `the server stopped while job ${jobId} was ${last.state}; once it has started again, see: tandem watch ${jobId}`,
  );
}

/** Resolves as `work` does; meanwhile a terminal shows the progress of the newest running job of that kind. */
export async function withJobProgress<T>(client: TandemClient, kind: JobKind, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const progress = new StageProgress();
  let waits = true;
  const poll = setInterval(async () => {
    const job = await runningJob(client, kind);
    if (waits && job?.total) progress.show(job);
  }, pollMs);
  try {
    return await work;
  } finally {
    waits = false;
    clearInterval(poll);
    progress.stop();
  }
}

/** Undefined if the request fails: the mutation itself reports what went wrong. */
async function runningJob(client: TandemClient, kind: JobKind) {
  const answer = await client.execute(RunningJobsDocument, {}).catch(() => undefined);
  return answer?.jobs.nodes.find((job) => job.kind === kind);
}
