/** Counts and times the requests of the HTTP server, and puts a span around each. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { metrics, secondsSince } from '../observe/metrics.ts';
import { inSpan } from '../observe/tracing.ts';

const methods: readonly string[] = ['GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'PATCH', 'DELETE'];
const paths: readonly string[] = [
  ...['/', '/health', '/ready', '/metrics', '/graphql', '/graphql/stream'],
  ...['/v1/embeddings', '/v1/models'],
];

const prefixes = [
  ['/v1/models/', '/v1/models/{model}'],
  ['/import/', '/import/{path}'],
] as const;

/** As labels of a metric and names of spans: what a client may choose freely is not among them. */
const pathLabel = (path: string): string =>
  paths.find((known) => known === path) ?? prefixes.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'other';
const methodLabel = ({ method = 'GET' }: IncomingMessage): string => (methods.includes(method) ? method : 'other');

/** Counts a request when its answer has been sent, or its client has gone. */
export function countRequest(request: IncomingMessage, response: ServerResponse, path: string): void {
  const began = performance.now();
  const labels = { method: methodLabel(request), path: pathLabel(path) };
  metrics.httpOpen.add({}, 1);
  response.once('close', () => {
    metrics.httpOpen.add({}, -1);
    metrics.httpRequests.add({ ...labels, status: String(response.headersSent ? response.statusCode : 0) });
    const isStream = String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
    if (!isStream) metrics.httpSeconds.observe({ path: labels.path }, secondsSince(began));
  });
}

/** Runs `work` in a span of the request, which belongs to the trace that its header `traceparent` names. */
export function traceRequest(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  work: () => Promise<void>,
): Promise<void> {
  const [method, route] = [methodLabel(request), pathLabel(path)];
  const attributes = { 'http.request.method': method, 'http.route': route };
  const parent = String(request.headers['traceparent'] ?? '') || null;
  return inSpan(`${method} ${route}`, { kind: 'server', attributes, parent }, async (span) => {
    await work();
    span.set({ 'http.response.status_code': response.statusCode });
  });
}
