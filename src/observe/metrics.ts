/**
 * What a process of Tandem counts and times, by Prometheus' conventions: base units (seconds, bytes), `_total` for
 * counters. The layers that do the work add to it; services/system/metrics.ts reads it, and adds what is asked for when
 * it is read. docs/observing.md lists them.
 */
import { performance } from 'node:perf_hooks';
import { BoundedNames, Counter, Gauge, Histogram, type Instrument } from './registry.ts';

export const metrics = {
  httpRequests: new Counter<'method' | 'path' | 'status'>(
    'tandem_http_requests_total',
    'HTTP requests that were answered, refusals included. A client that went away before has the status 0.',
  ),
  httpSeconds: new Histogram<'path'>(
    'tandem_http_request_duration_seconds',
    'Time from the head of a request to the end of its answer; event streams are left out.',
  ),
  httpOpen: new Gauge('tandem_http_requests_open', 'HTTP requests that are being answered, event streams included.'),
  operations: new Counter<'type' | 'operation' | 'outcome'>(
    'tandem_graphql_operations_total',
    'GraphQL operations by name; the outcome is ok or the code of the first error. Type invalid: it was not executed.',
  ),
  operationSeconds: new Histogram<'type' | 'operation'>(
    'tandem_graphql_operation_duration_seconds',
    'Time to execute a GraphQL query or mutation, by name.',
  ),
  subscriptions: new Gauge<'operation'>('tandem_graphql_subscriptions_open', 'GraphQL subscriptions that are open.'),
  jobAttempts: new Counter<'kind' | 'outcome'>(
    'tandem_job_attempts_total',
    'Attempts at jobs that ended in this process, by the state that they left the job in.',
  ),
  jobSeconds: new Histogram<'kind'>(
    'tandem_job_attempt_duration_seconds',
    'Time that an attempt at a job took.',
    [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
  ),
  jobWaitSeconds: new Histogram<'kind'>(
    'tandem_job_wait_seconds',
    'Time from the request of a job to its first attempt.',
  ),
  threadCalls: new Counter<'thread' | 'command' | 'outcome'>(
    'tandem_thread_calls_total',
    'Commands that a worker thread has answered; the outcome is ok or error.',
  ),
  threadSeconds: new Histogram<'thread' | 'command'>(
    'tandem_thread_call_duration_seconds',
    'Time from a command to its answer by the worker thread, waiting included.',
  ),
  threadOpen: new Gauge<'thread'>(
    'tandem_thread_calls_open',
    'Commands that a worker thread works on, or that wait for it.',
  ),
  encodedTokens: new Counter<'role'>('tandem_encoded_tokens_total', 'Tokens that were encoded to vectors.'),
  encodedTexts: new Counter<'role'>('tandem_encoded_texts_total', 'Texts that were encoded to vectors.'),
  statementSeconds: new Histogram<'operation'>(
    'tandem_database_statement_duration_seconds',
    'Time that the database took for a statement, by its first word.',
  ),
  loopDelaySeconds: new Histogram(
    'tandem_event_loop_delay_seconds',
    'By how much a timer of the main thread fired late, measured ten times a second.',
  ),
} as const;

export const instruments: readonly Instrument[] = Object.values(metrics);

/** Names of GraphQL operations, which clients choose. */
export const operationNames = new BoundedNames(200);

/** Seconds since `began`, a time of performance.now(). */
export const secondsSince = (began: number): number => (performance.now() - began) / 1_000;

const tickMs = 100;

/** Measures the delay of this thread's event loop until the returned function is called. */
export function watchEventLoop(): () => void {
  let due = performance.now() + tickMs;
  const timer = setInterval(() => {
    const now = performance.now();
    metrics.loopDelaySeconds.observe({}, Math.max(0, now - due) / 1_000);
    due = now + tickMs;
  }, tickMs).unref();
  return () => clearInterval(timer);
}
