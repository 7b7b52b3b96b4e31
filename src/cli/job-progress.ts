/** A progress bar for a mutation that waits for its job; only where stderr is a terminal. */
import { SingleBar } from 'cli-progress';
import { type JobKind, RunningJobsDocument, type TandemClient } from '../client/index.ts';

const pollMs = 500;

/** Resolves as `work` does; meanwhile a bar shows the progress of the newest running job of that kind. */
export async function withJobProgress<T>(client: TandemClient, kind: JobKind, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const bar = new SingleBar({ format: '{stage} [{bar}] {value}/{total}', hideCursor: true, stream: process.stderr });
  let shown = false;
  const poll = setInterval(async () => {
    const job = await runningJob(client, kind);
    if (!job?.total) return;
    if (!shown) bar.start(job.total, job.done, { stage: job.stage ?? kind });
    shown = true;
    bar.setTotal(job.total);
    bar.update(job.done, { stage: job.stage ?? kind });
  }, pollMs);
  try {
    return await work;
  } finally {
    clearInterval(poll);
    if (shown) bar.stop();
  }
}

/** Undefined if the request fails: the mutation itself reports what went wrong. */
async function runningJob(client: TandemClient, kind: JobKind) {
  const answer = await client.execute(RunningJobsDocument, {}).catch(() => undefined);
  return answer?.jobs.nodes.find((job) => job.kind === kind);
}
