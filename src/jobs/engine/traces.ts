/** Attempts at jobs as metrics and spans. */
import { performance } from 'node:perf_hooks';
import type { JobRow } from '../../db/schema.ts';
import { metrics, secondsSince } from '../../observe/metrics.ts';
import { inSpan, traceContext } from '../../observe/tracing.ts';

/**
 * By the ids of queued jobs the trace of the request for them, so that work which begins later, and outlives the
 * request, belongs to it. Kept in memory: after a restart, and on another host, a job has a trace of its own.
 */
const requested = new Map<string, string>();
const mostRequested = 10_000;

/** Called inside the request. */
export function rememberTrace(jobId: string): void {
  const context = traceContext();
  if (context === undefined) return;
  requested.set(jobId, context);
  const [oldest] = requested.keys();
  if (requested.size > mostRequested && oldest !== undefined) requested.delete(oldest);
}

/** The state that an attempt leaves its job in; LEFT where another attempt has taken it over. */
export interface AttemptOutcome {
  outcome: JobRow['state'] | 'WAITS_FOR_PARTS' | 'LEFT';
}

/** Runs an attempt in a span, counts and times it; `work` says its outcome. */
export function observeAttempt(job: JobRow, work: (told: AttemptOutcome) => Promise<void>): Promise<void> {
  const { id, kind, attempt } = job;
  const began = performance.now();
  const told: AttemptOutcome = { outcome: 'LEFT' };
  if (attempt === 1)
    metrics.jobWaitSeconds.observe({ kind }, Math.max(0, Date.now() - job.createdAt.getTime()) / 1_000);
  const parent = requested.get(id) ?? null;
  requested.delete(id);
  const attributes = { 'tandem.job.id': id, 'tandem.job.kind': kind, 'tandem.job.attempt': attempt };
  return inSpan(`job ${kind}`, { kind: 'consumer', attributes, parent }, async (span) => {
    await work(told);
    const { outcome } = told;
    metrics.jobAttempts.add({ kind, outcome });
    metrics.jobSeconds.observe({ kind }, secondsSince(began));
    span.set({ 'tandem.job.outcome': outcome });
    if (outcome === 'FAILED') span.end(new Error('the job failed'));
  });
}
