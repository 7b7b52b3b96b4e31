/** A connection of pg that times its statements, and puts a span below the current one around each. */
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { metrics, secondsSince } from '../observe/metrics.ts';
import { startChild } from '../observe/tracing.ts';

const operations: readonly string[] = [
  ...['select', 'insert', 'update', 'delete', 'with', 'begin', 'commit', 'rollback', 'savepoint'],
];

/** Long statements are cut: they list columns. */
const mostText = 1_000;

type Query = (...args: readonly unknown[]) => unknown;

export class ObservedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    // pg's own has six forms; all of them go through here as they are.
    const query = super.query.bind(this) as Query;
    this.query = ((...args: unknown[]) => observed(query, args)) as typeof this.query;
  }
}

/** A statement ends with its callback, or with its promise. What is neither (a cursor, a stream) is not timed. */
function observed(query: Query, args: unknown[]): unknown {
  const text = textOf(args[0]);
  if (text === undefined) return query(...args);
  const end = beginStatement(text);
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    const ended = (...answer: readonly unknown[]): unknown => {
      end(answer[0]);
      return (callback as Query)(...answer);
    };
    return query(...args.slice(0, -1), ended);
  }
  const answered = query(...args);
  if (answered instanceof Promise) void answered.then(() => end(), end);
  return answered;
}

/** Of a text, or of a query as an object. Values are parameters, so the text holds none of them. */
function textOf(statement: unknown): string | undefined {
  if (typeof statement === 'string') return statement;
  const isQuery =
    typeof statement === 'object' && statement !== null && 'text' in statement && !('submit' in statement);
  return isQuery && typeof statement.text === 'string' ? statement.text : undefined;
}

function beginStatement(text: string): (error?: unknown) => void {
  const first = /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? '';
  const operation = operations.includes(first) ? first : 'other';
  const began = performance.now();
  const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text.slice(0, mostText) };
  const span = startChild(`database ${operation}`, { kind: 'client', attributes });
  return (error) => {
    metrics.statementSeconds.observe({ operation }, secondsSince(began));
    span.end(error ?? undefined);
  };
}
