/**
 * The form of requests, and what else is refused: operations that a web page of another origin could send (across
 * origins a page may post a form or plain text, but no custom header and no JSON without a preflight). Host and Origin
 * are checked before (sites.ts).
 */
import type { GraphQLError } from 'graphql';
import { type ErrorCode, TandemError } from '../errors.ts';
import { plainError } from '../graphql/operations/event-stream.ts';
import { accepts } from '../graphql/operations/request-form.ts';

/** The parts of a request that decide. */
export interface RequestFacts {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export const csrfHeader = 'x-graphql-yoga-csrf';

/** Headers that no page sends across origins without a preflight; clients send one or the other of them. */
export const preflightHeaders: readonly string[] = [
  ...[csrfHeader, 'apollo-require-preflight', 'x-apollo-operation-name', 'graphql-preflight'],
  ...['graphql-require-preflight', 'x-requested-with', 'authorization'],
];

/** A refusal with its HTTP status. */
export interface Refusal {
  readonly status: number;
  readonly error: TandemError;
  /** All errors of an operation, where the engine refused it. */
  readonly errors?: readonly GraphQLError[];
  /** Of 405: the methods that are offered; POST where it is absent. */
  readonly allow?: string;
}

export const refuse = (status: number, code: ErrorCode, message: string, details: TandemError['details']): Refusal => ({
  status,
  error: new TandemError(code, message, details),
});

/** Checks method, forgery, content type, accepted answers and length of a request to /graphql. Null = allowed. */
export function refuseOperation({ method, headers }: RequestFacts, bodyBytes: number): Refusal | null {
  if (method !== 'POST') {
    return refuse(405, 'BAD_USER_INPUT', `${method} is not offered on /graphql`, {
      field: 'method',
      expected: 'POST, subscriptions included',
      remedy: 'Send the operation as JSON by POST.',
    });
  }
  if (preflightHeaders.every((name) => headers[name] === undefined)) {
    return refuse(403, 'FORBIDDEN', `The header ${csrfHeader} is missing`, {
      field: csrfHeader,
      expected: `one of the headers ${preflightHeaders.join(', ')}`,
      remedy: `Send ${csrfHeader}: 1. It proves that no foreign web page sends the request.`,
    });
  }
  const refusal = refuseJson({ headers }, bodyBytes);
  if (refusal) return refusal;
  const accept = String(headers['accept'] ?? '*/*');
  if (!accepts(accept, { events: false })) {
    return refuse(406, 'BAD_USER_INPUT', `No answer can be sent as ${accept.slice(0, 200)}`, {
      field: 'accept',
      expected: 'application/json or application/graphql-response+json; text/event-stream for subscriptions',
      remedy: 'Send accept: application/json.',
    });
  }
  return null;
}

/** Checks content type and length of a request with a JSON body. Null = allowed. */
export function refuseJson({ headers }: Pick<RequestFacts, 'headers'>, bodyBytes: number): Refusal | null {
  const type = String(headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  if (type !== 'application/json') {
    return refuse(415, 'BAD_USER_INPUT', `The content type is ${JSON.stringify(type ?? '')}`, {
      field: 'content-type',
      expected: 'application/json',
      remedy: 'Send the request as JSON.',
    });
  }
  return Number(headers['content-length'] ?? 0) > bodyBytes ? tooLarge(bodyBytes) : null;
}

/** Other bytes would become U+FFFD without a word. */
export const notUtf8 = (): Refusal =>
  refuse(400, 'BAD_USER_INPUT', 'The body is not UTF-8', {
    field: 'body',
    expected: 'JSON in UTF-8',
    remedy: 'Encode the body as UTF-8.',
  });

export const tooLarge = (bodyBytes: number): Refusal =>
  refuse(413, 'LIMIT_EXCEEDED', 'The body is too large', {
    field: 'body',
    expected: `at most ${bodyBytes} bytes`,
    remedy: 'Send the data in several requests, or import it from the import folder.',
  });

export const tooManyWaiting = (most: number): Refusal =>
  refuse(429, 'LIMIT_EXCEEDED', 'Too many requests of this connection wait for those before them', {
    field: 'connection',
    expected: `at most ${most} requests that were sent without waiting for an answer`,
    remedy: 'Wait for answers, or spread the requests over several connections.',
  });

export const notFoundHere = ({ path }: RequestFacts): Refusal =>
  refuse(404, 'NOT_FOUND', `There is nothing at ${path.slice(0, 200)}`, {
    field: 'path',
    expected:
      'POST /graphql, /graphql/stream, PUT and DELETE below /import, POST /v1/embeddings, GET /v1/models, GET /health, ' +
      'GET /ready, GET /metrics, or GET / where GraphiQL is on',
    remedy: 'Correct the address.',
  });

export const closing = (): Refusal =>
  refuse(503, 'UNAVAILABLE', 'The server is stopping', {
    expected: 'a running server',
    remedy: 'Start it again, then repeat the request.',
  });

/** The body of a refusal, as GraphQL clients read it. */
export const refusalBody = ({ error, errors }: Refusal): string =>
  JSON.stringify({
    errors: errors?.map(plainError) ?? [{ message: error.message, extensions: { code: error.code, ...error.details } }],
  });
