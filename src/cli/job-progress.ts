/** Waits for a mutation that works as a job, and shows meanwhile how far it is. */
import { randomUUID } from 'node:crypto';
import { JobOfKeyDocument, type TandemClient } from '../client/index.ts';
import { startProgress } from './progress.ts';

const everyMs = 1_000;

/** `begin` sends the mutation with the key it is given. */
export async function withJobProgress<T>(
  client: TandemClient,
  title: string,
  begin: (idempotencyKey: string) => Promise<T>,
): Promise<T> {
  const idempotencyKey = randomUUID();
  const progress = startProgress(title, 100);
  let asking = false;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    void show().finally(() => {
      asking = false;
    });
  }, everyMs);

  async function show(): Promise<void> {
    // The answer of the mutation is what counts; its progress may fail to show.
    const { jobs } = await client.execute(JobOfKeyDocument, { idempotencyKey }).catch(() => ({ jobs: { nodes: [] } }));
    const [job] = jobs.nodes;
    if (job?.total) progress.update(Math.floor((100 * job.done) / job.total), `% ${job.stage ?? ''}`);
  }

  try {
    return await begin(idempotencyKey);
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}
