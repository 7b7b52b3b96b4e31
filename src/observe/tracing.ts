/**
 * Spans around requests, operations, statements, jobs and commands of threads. What records them is set by otel.ts,
 * where an endpoint is configured; until then nothing is recorded, and nothing of OpenTelemetry is loaded.
 */

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** `server`: answers a request; `client`: waits for another thread or server; default internal. */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: Attributes;
  /**
   * What it belongs to, as W3C's header `traceparent` says it; null or a header that is none = a trace of its own.
   * Absent = the span that is current.
   */
  readonly parent?: string | null | undefined;
}

export interface Span {
  set(attributes: Attributes): void;
  /** With an error the span has failed. */
  end(error?: unknown): void;
}

export interface Tracer {
  start(name: string, options: SpanOptions): Span;
  /** The span is current while `work` runs, and ends with it. */
  run<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Of the current span, as `traceparent`; undefined = there is none. */
  context(): string | undefined;
  /** Runs `work` where no span is current. */
  outside<T>(work: () => T): T;
}

const unrecorded: Span = { set() {}, end() {} };

let tracer: Tracer | undefined;

/** Undefined = nothing is recorded from now on. */
export function setTracer(next: Tracer | undefined): void {
  tracer = next;
}

/** Runs `work` inside a span, which fails where it rejects. */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  return tracer ? tracer.run(name, options, work) : work(unrecorded);
}

/** A span below the current one, which the caller ends; where there is none, nothing is recorded. */
export function startChild(name: string, options: Omit<SpanOptions, 'parent'>): Span {
  return tracer?.context() === undefined ? unrecorded : tracer.start(name, options);
}

export const traceContext = (): string | undefined => tracer?.context();

/** Runs what a request only set off, such as a loop that goes on for others: it belongs to no request. */
export const outsideSpans = <T>(work: () => T): T => (tracer ? tracer.outside(work) : work());
