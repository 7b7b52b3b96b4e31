/** GET /metrics of a service that has worked: every metric by name, type and labels, and what a request adds. */
import { describe, expect, it } from 'vitest';
import { jobKindCatalog } from '../../../src/jobs/kinds/catalog.ts';
import { type ReadFamily, readExposition } from '../../observe/exposition.ts';
import { ask, get, type Live, openStream } from './harness.ts';

/** Every metric, its type, and its labels in order; buckets have `le` besides. */
const expected: Readonly<Record<string, readonly [type: string, ...labels: string[]]>> = {
  tandem_build_info: ['gauge', 'version', 'node', 'database', 'adapter', 'adapter_type'],
  process_start_time_seconds: ['gauge'],
  process_cpu_seconds_total: ['counter'],
  process_resident_memory_bytes: ['gauge'],
  nodejs_heap_used_bytes: ['gauge'],
  nodejs_external_memory_bytes: ['gauge'],
  tandem_event_loop_active_seconds_total: ['counter'],
  tandem_event_loop_delay_seconds: ['histogram'],
  tandem_http_requests_total: ['counter', 'method', 'path', 'status'],
  tandem_http_request_duration_seconds: ['histogram', 'path'],
  tandem_http_requests_open: ['gauge'],
  tandem_graphql_operations_total: ['counter', 'type', 'operation', 'outcome'],
  tandem_graphql_operation_duration_seconds: ['histogram', 'type', 'operation'],
  tandem_graphql_subscriptions_open: ['gauge', 'operation'],
  tandem_job_attempts_total: ['counter', 'kind', 'outcome'],
  tandem_job_attempt_duration_seconds: ['histogram', 'kind'],
  tandem_job_wait_seconds: ['histogram', 'kind'],
  tandem_thread_calls_total: ['counter', 'thread', 'command', 'outcome'],
  tandem_thread_call_duration_seconds: ['histogram', 'thread', 'command'],
  tandem_thread_calls_open: ['gauge', 'thread'],
  tandem_encoded_tokens_total: ['counter', 'role'],
  tandem_encoded_texts_total: ['counter', 'role'],
  tandem_database_statement_duration_seconds: ['histogram', 'operation'],
  tandem_part_up: ['gauge', 'part'],
  tandem_jobs: ['gauge', 'kind', 'state'],
  tandem_jobs_oldest_queued_seconds: ['gauge'],
  tandem_database_pool_connections: ['gauge', 'state'],
  tandem_database_pool_connections_limit: ['gauge'],
  tandem_database_pool_waiting: ['gauge'],
  tandem_device_memory_bytes: ['gauge', 'use'],
  tandem_device_memory_peak_bytes: ['gauge'],
  tandem_device_memory_limit_bytes: ['gauge'],
};

export function metricsSuite(live: () => Live): void {
  async function read(): Promise<ReadonlyMap<string, ReadFamily>> {
    const response = await fetch(`${live().url}/metrics`);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      ...[200, 'text/plain; version=0.0.4; charset=utf-8'],
    ]);
    return readExposition(await response.text());
  }

  /** The value of the one sample with these labels; 0 where there is none yet. */
  const sampled = (families: ReadonlyMap<string, ReadFamily>, name: string, labels: object = {}): number => {
    const { samples } = families.get(name.replace(/_(count|sum)$/, '')) ?? families.get(name)!;
    const wanted = Object.entries(labels);
    const found = samples.filter(
      (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
    );
    expect(found.length).toBeLessThanOrEqual(1);
    return found[0]?.value ?? 0;
  };

  describe('GET /metrics', () => {
    it('has every metric by the conventions: its name, type, unit and labels', async () => {
      await get(live(), 'query Known { runs { totalCount } }');
      const { made } = live();
      const stream = await openStream(
        live(),
        'subscription Followed($id: ID!) { runEvents(runId: $id) { __typename } }',
        {
          id: made.run,
        },
      );
      await stream.text();
      const texts = 'query Embedded($id: ID!) { embed(texts: ["x"], checkpoint: { id: $id }) { dimensions } }';
      await get(live(), texts, { id: made.checkpoints[0] });
      const families = await read();
      const unbounded = families.has('tandem_device_memory_limit_bytes') ? [] : ['tandem_device_memory_limit_bytes'];
      const names = Object.keys(expected).filter((name) => !unbounded.includes(name));
      expect([...families.keys()].sort()).toEqual(names.sort());
      for (const [name, { type, help, samples }] of families) {
        const [wanted, ...labels] = expected[name]!;
        expect([name, type]).toEqual([name, wanted]);
        expect(help).toMatch(/^\S.* .*\.$|^\S.*; always 1\.$/);
        expect(name.endsWith('_total')).toBe(type === 'counter');
        if (type === 'histogram') expect(name).toMatch(/_seconds$/);
        expect(samples.length, name).toBeGreaterThan(0);
        for (const sample of samples) {
          const own = sample.name.endsWith('_bucket') ? [...labels, 'le'] : labels;
          expect(Object.keys(sample.labels), name).toEqual(own);
          expect(Number.isFinite(sample.value), name).toBe(true);
        }
      }
    });

    it('counts requests, operations by name, and their outcomes', async () => {
      const before = await read();
      const name = 'CountedByMetrics';
      await get(live(), `query ${name} { runs { totalCount } }`);
      await ask(live(), `query ${name} { run(id: "no") { id } }`);
      await ask(live(), 'query { noSuchField }');
      const after = await read();
      const grown = (metric: string, labels: object = {}) =>
        sampled(after, metric, labels) - sampled(before, metric, labels);
      const operations = 'tandem_graphql_operations_total';
      expect(grown(operations, { type: 'query', operation: name, outcome: 'ok' })).toBe(1);
      expect(grown(operations, { type: 'query', operation: name, outcome: 'BAD_USER_INPUT' })).toBe(1);
      expect(grown(operations, { type: 'invalid', outcome: 'BAD_USER_INPUT' })).toBe(1);
      expect(grown('tandem_graphql_operation_duration_seconds_count', { type: 'query', operation: name })).toBe(2);
      expect(grown('tandem_http_requests_total', { method: 'POST', path: '/graphql', status: '200' })).toBe(3);
      expect(grown('tandem_http_requests_total', { path: '/metrics', status: '200' })).toBe(1);
      expect(grown('tandem_database_statement_duration_seconds_count', { operation: 'select' })).toBeGreaterThan(0);
    });

    it('has the queue by kind and state, and what was encoded', async () => {
      const before = await read();
      const query =
        'query($id: ID!) { embed(texts: ["x", "y"], role: QUERY, checkpoint: { id: $id }) { report { tokens } } }';
      const { embed } = await get<{ embed: { report: { tokens: number } } }>(live(), query, {
        id: live().made.checkpoints[0],
      });
      const after = await read();
      const grown = (metric: string, labels: object) =>
        sampled(after, metric, labels) - sampled(before, metric, labels);
      expect(grown('tandem_encoded_texts_total', { role: 'query' })).toBe(2);
      expect(grown('tandem_encoded_tokens_total', { role: 'query' })).toBe(embed.report.tokens);
      expect(grown('tandem_thread_calls_total', { thread: 'device', command: 'encode', outcome: 'ok' })).toBe(1);
      const kinds = new Set(after.get('tandem_jobs')!.samples.map(({ labels }) => labels['kind']));
      expect(kinds).toEqual(new Set(jobKindCatalog.map(({ name }) => name)));
      expect(sampled(after, 'tandem_job_attempts_total', { kind: 'train', outcome: 'SUCCEEDED' })).toBeGreaterThan(0);
      expect(after.get('tandem_part_up')!.samples.map(({ value }) => value)).toEqual([1, 1, 1]);
      expect(sampled(after, 'tandem_device_memory_bytes', { use: 'persistent' })).toBeGreaterThan(0);
    });
  });
}
