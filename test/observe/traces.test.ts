/** Traces of a whole service, as a collector receives them: requests, statements, jobs, and the commands of threads. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { startTracing } from '../../src/observe/otel.ts';
import { inSpan, traceContext } from '../../src/observe/tracing.ts';
import { architecture, createModel, importRecords, irRecords } from '../graphql/live/fixture.ts';
import { ask, headers, type Served, serve } from '../graphql/live/harness.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type Collector, type ReceivedSpan, startCollector } from './otlp.ts';

const folder = temporaryFolder();
const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
let collector: Collector;
let statusOfMissing: unknown;

/** The service is stopped before anything is tested: then all that was recorded has been sent. */
beforeAll(async () => {
  collector = await startCollector();
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
  process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'deployment.environment.name=test';
  const config = loadConfig({ ...process.env, TANDEM_DATA: folder(), TANDEM_PORT: '0', TANDEM_ADAPTER: 'cpu' });
  const served: Served = await serve(config);
  try {
    const ir = await importRecords(served, 'ir', irRecords);
    const spec = { name: 'traced', vocabularyFrom: [ir], vocabularySize: 200, maxLength: 24, architecture };
    const { checkpoint } = await createModel(served, spec);
    const query = `query Embedded($id: ID!) { embed(texts: ["a pump"], checkpoint: { id: $id }) { dimensions } }`;
    const response = await fetch(`${served.url}/graphql`, {
      method: 'POST',
      headers: { ...headers, traceparent: `00-${traceId}-${spanId}-01` },
      body: JSON.stringify({ query, variables: { id: checkpoint.id } }),
    });
    expect(await response.json()).toMatchObject({ data: { embed: { dimensions: 16 } } });
    statusOfMissing = (await ask(served, 'query Missing { run(id: "no") { id } }')).errors?.[0]?.extensions['code'];
  } finally {
    await served.tandem.close();
  }
});
afterAll(async () => {
  delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  delete process.env['OTEL_RESOURCE_ATTRIBUTES'];
  await collector.close();
});

const named = (name: string) => collector.spans.filter((span) => span.name === name);
const byId = (id: string) => collector.spans.find((span) => span.id === id);

/** The names from the span up to the first of its trace. */
function pathOf(span: ReceivedSpan): string[] {
  const above = byId(span.parent);
  return [span.name, ...(above ? pathOf(above) : [])];
}

it('are sent as protobuf to the path of traces, with the resource of each thread', () => {
  expect([...collector.paths]).toEqual(['POST /v1/traces application/x-protobuf']);
  const resources = new Map(collector.spans.map(({ resource }) => [resource['tandem.thread'], resource]));
  expect([...resources.keys()].sort()).toEqual(['cpu', 'device', 'main']);
  for (const resource of resources.values()) {
    expect(resource).toMatchObject({ 'service.name': 'tandem', 'deployment.environment.name': 'test' });
  }
});

it('continue that of the caller through GraphQL and the database to the threads', () => {
  const trace = collector.spans.filter((span) => span.trace === traceId);
  const [request] = trace.filter(({ parent }) => parent === spanId);
  expect(request).toMatchObject({ name: 'POST /graphql', kind: 2 });
  expect(request!.attributes).toMatchObject({ 'http.route': '/graphql', 'http.response.status_code': 200 });
  const [encode] = trace.filter(({ name }) => name === 'encode');
  expect(encode!.resource['tandem.thread']).toBe('device');
  const above = ['call device encode', 'graphql query', 'POST /graphql'];
  expect(pathOf(encode!)).toEqual(['encode', ...above]);
  const [operation] = trace.filter(({ name }) => name === 'graphql query');
  expect(operation!.attributes).toMatchObject({ 'graphql.operation.name': 'Embedded' });
  const [statement] = trace.filter(({ name }) => name === 'database select');
  expect(pathOf(statement!)).toEqual(['database select', 'graphql query', 'POST /graphql']);
  expect(statement!.attributes['db.query.text']).toMatch(/^select .*\$1/);
  for (const span of trace) {
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    const parent = byId(span.parent);
    // A thread's clock may differ by a little from the main thread's.
    if (parent) expect(Number(span.start - parent.start)).toBeGreaterThan(-5e6);
  }
});

it('take a job to that of the request for it', () => {
  const [job] = named('job create-model');
  expect(job!.attributes).toMatchObject({ 'tandem.job.kind': 'create-model', 'tandem.job.outcome': 'SUCCEEDED' });
  expect(pathOf(job!)).toEqual(['job create-model', 'graphql mutation', 'POST /graphql']);
  const [made] = named('createModel');
  expect(made!.resource['tandem.thread']).toBe('cpu');
  expect(pathOf(made!).slice(0, 3)).toEqual(['createModel', 'call cpu createModel', 'job create-model']);
});

it('have no statement without a request, and no text of a user', () => {
  for (const span of collector.spans.filter(({ name }) => name.startsWith('database ')))
    expect(span.parent).not.toBe('');
  const told = JSON.stringify(collector.spans.map(({ name, attributes }) => [name, attributes]));
  expect(told).not.toContain('a pump');
  expect(told).not.toContain('traced');
  expect(statusOfMissing).toBe('BAD_USER_INPUT');
});

it('are not recorded without an endpoint, or where the SDK is disabled', async () => {
  for (const environment of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SDK_DISABLED: 'true' }]) {
    const stop = await startTracing('main', environment);
    expect(await inSpan('unrecorded', { parent: null }, async () => traceContext())).toBeUndefined();
    await stop();
  }
  await expect(startTracing('main', { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
  });
});
