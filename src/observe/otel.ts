/**
 * Sends spans to an OpenTelemetry collector, by the official SDK: endpoint, headers, sampler and resource come from its
 * own variables (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables). The packages are optional
 * and loaded only where an endpoint is configured. Called once by main.ts and by each worker thread.
 */
import type * as Api from '@opentelemetry/api';
import { packageVersion } from '../assets.ts';
import { readVariable } from '../environment.ts';
import { unavailable } from '../errors.ts';
import { type Attributes, type Span, type SpanOptions, setTracer, type Tracer } from './tracing.ts';

type Stop = () => Promise<void>;

let running: { readonly stop: Stop; users: number } | undefined;

/**
 * Records spans from now on where an endpoint is configured; the returned function sends what is left and ends it. A
 * process that starts several times records until the last of them has stopped. UNAVAILABLE: a package is missing.
 */
export async function startTracing(thread: 'main' | 'cpu' | 'device', environment = process.env): Promise<Stop> {
  const endpoint =
    readVariable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', environment) ??
    readVariable('OTEL_EXPORTER_OTLP_ENDPOINT', environment);
  if (endpoint === undefined || readVariable('OTEL_SDK_DISABLED', environment)) return async () => {};
  const found = running ?? { stop: await record(thread), users: 0 };
  running = found;
  found.users++;
  return async () => {
    if (--found.users > 0) return;
    running = undefined;
    await found.stop();
  };
}

async function load() {
  try {
    const [api, { NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
    ]);
    return { api, NodeTracerProvider, BatchSpanProcessor, OTLPTraceExporter, resources };
  } catch (error) {
    throw unavailable(`OpenTelemetry cannot be loaded: ${(error as Error).message}`, {
      field: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      expected: 'the optional packages of @opentelemetry that package.json names',
      remedy: 'Install again without --omit=optional, or unset OTEL_EXPORTER_OTLP_ENDPOINT.',
    });
  }
}

async function record(thread: string): Promise<Stop> {
  const { api, NodeTracerProvider, BatchSpanProcessor, OTLPTraceExporter, resources } = await load();
  const own = {
    'service.name': 'tandem',
    'service.version': packageVersion(),
    'process.pid': process.pid,
    'tandem.thread': thread,
  };
  const named = resources.detectResources({ detectors: [resources.envDetector] });
  const resource = resources.resourceFromAttributes(own).merge(named);
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  setTracer(tracerOf(api, provider.getTracer('tandem', packageVersion())));
  return async () => {
    setTracer(undefined);
    // A collector that does not answer keeps nobody from stopping.
    await provider.shutdown().catch(() => {});
    for (const part of [api.trace, api.context, api.propagation]) part.disable();
  };
}

function tracerOf(api: typeof Api, tracer: Api.Tracer): Tracer {
  const { context, propagation, SpanKind, SpanStatusCode, trace, ROOT_CONTEXT } = api;
  const kinds = {
    internal: SpanKind.INTERNAL,
    server: SpanKind.SERVER,
    client: SpanKind.CLIENT,
    producer: SpanKind.PRODUCER,
    consumer: SpanKind.CONSUMER,
  } as const;
  const parentOf = ({ parent }: SpanOptions): Api.Context => {
    if (parent === undefined) return context.active();
    return parent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
  };
  const begin = (name: string, { kind = 'internal', attributes = {}, ...options }: SpanOptions) => {
    const parent = parentOf(options);
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, parent);
    const own: Span = {
      set: (more: Attributes) => void span.setAttributes({ ...more }),
      end(error) {
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: kindOf(error) });
        span.end();
      },
    };
    return { own, inside: trace.setSpan(parent, span) };
  };
  return {
    start: (name, options) => begin(name, options).own,
    async run(name, options, work) {
      const { own, inside } = begin(name, options);
      try {
        const result = await context.with(inside, () => work(own));
        own.end();
        return result;
      } catch (error) {
        own.end(error);
        throw error;
      }
    },
    context() {
      const carrier: { traceparent?: string } = {};
      propagation.inject(context.active(), carrier);
      return carrier.traceparent;
    },
    outside: (work) => context.with(ROOT_CONTEXT, work),
  };
}

/** Never the message, which may quote what a user sent. */
const kindOf = (error: unknown): string =>
  error instanceof Error ? String((error as { code?: unknown }).code ?? error.name) : 'error';
