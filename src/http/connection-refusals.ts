/** Refusals of connections that carry several operations, and of what is asked on them. */
import type { GraphQLError } from 'graphql';
import { TandemError } from '../errors.ts';
import { localCaller } from '../services/access/access.ts';
import type { Caller } from '../services/access/types.ts';
import { type Refusal, type RequestFacts, refuse } from './guard.ts';

/** Operations at the same time on one connection. */
export const mostOperations = 100;

/** Connections of a kind, WebSockets or event streams, at the same time. */
export const mostConnections = 1_000;

/** Those of one key, so that no key keeps the others out. */
export const mostConnectionsOfKey = mostConnections / 10;

export const tooManyOperations = (): Refusal =>
  refuse(429, 'LIMIT_EXCEEDED', 'The connection has too many operations', {
    field: 'connection',
    expected: `at most ${mostOperations} operations at the same time on a connection`,
    remedy: 'Complete operations that are no longer needed, or open another connection.',
  });

export const tooManyConnections = (): Refusal =>
  refuse(503, 'LIMIT_EXCEEDED', 'Too many connections are open', {
    field: 'connection',
    expected: `at most ${mostConnections} connections at the same time`,
    remedy: 'Close connections that are no longer needed, and send the operations of a client over one connection.',
  });

/** Why a caller may not have one more connection of a kind beside those of `owners`. Null = it may. */
export function refuseOneMore({ bucket, name }: Caller, owners: Iterable<Caller>): Refusal | null {
  if (bucket === localCaller.bucket) return null;
  const own = [...owners].filter((owner) => owner.bucket === bucket).length;
  if (own < mostConnectionsOfKey) return null;
  return refuse(429, 'LIMIT_EXCEEDED', `"${name}" has too many connections`, {
    field: 'connection',
    expected: `at most ${mostConnectionsOfKey} WebSockets and as many event streams of one key at the same time`,
    remedy: 'Close connections that are no longer needed, and send the operations of a client over one connection.',
  });
}

export const notAWebSocket = (what: string): Refusal =>
  refuse(400, 'BAD_USER_INPUT', `The WebSocket cannot be opened: ${what}`, {
    field: 'upgrade',
    expected: 'a handshake of WebSocket version 13 with the protocol graphql-transport-ws',
    remedy: 'Connect with a client of graphql-ws, or send operations by POST.',
  });

export const notOffered = ({ method, path }: RequestFacts, allow: string): Refusal => ({
  ...refuse(405, 'BAD_USER_INPUT', `${method.slice(0, 20)} is not offered on ${path.slice(0, 200)}`, {
    field: 'method',
    expected: allow,
    remedy: 'By the protocol of graphql-sse PUT reserves a stream, GET opens it, and POST and DELETE begin and end.',
  }),
  allow,
});

export const streamNotFound = (): Refusal =>
  refuse(404, 'NOT_FOUND', 'There is no event stream with this token', {
    field: 'x-graphql-event-stream-token',
    expected: 'the token that PUT answered, while its stream is reserved or open',
    remedy: 'Reserve a stream by PUT, or send the operation to POST /graphql.',
  });

export const streamIsOpen = (): Refusal =>
  refuse(409, 'CONFLICT', 'The event stream is open already', {
    field: 'x-graphql-event-stream-token',
    expected: 'one reader of a stream',
    remedy: 'Reserve another stream by PUT.',
  });

export const streamAccept = ({ headers }: RequestFacts, type: string): Refusal =>
  refuse(406, 'BAD_USER_INPUT', `No answer can be sent as ${String(headers['accept'] ?? '').slice(0, 200)}`, {
    field: 'accept',
    expected: type,
    remedy: `Send accept: ${type}.`,
  });

export const unnamedOperation = (field: string): Refusal =>
  refuse(400, 'BAD_USER_INPUT', 'The operation has no id', {
    field,
    expected: 'an id that is unique on its stream',
    remedy: 'Send one, as the protocol of graphql-sse says.',
  });

export const operationExists = (id: string): Refusal =>
  refuse(409, 'CONFLICT', `The stream has an operation ${JSON.stringify(id.slice(0, 100))} already`, {
    field: 'extensions.operationId',
    expected: 'an id that is unique on its stream',
    remedy: 'Choose another id.',
  });

/** What the engine says of an operation that it does not begin. */
export function refusalOf(errors: readonly GraphQLError[]): Refusal {
  const { http, code, ...details } = errors[0]?.extensions ?? {};
  const { status = 400 } = (http ?? {}) as { readonly status?: number };
  return { status, error: new TandemError(code as 'BAD_USER_INPUT', errors[0]?.message ?? '', details), errors };
}
