/** The server's side of graphql-ws: what one connection may ask for, and how its operations run. */
import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, GraphQLError, parse } from 'graphql';
import { type Context, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import { invariant, type TandemError } from '../../errors.ts';
import { plainError } from '../../graphql/operations/event-stream.ts';
import { type OperationResults, runOperation } from '../../graphql/operations/run-operation.ts';
import type { GraphQLServer } from '../../graphql/server.ts';
import type { LoopTurns } from '../../live/turn.ts';
import type { Access, Caller } from '../../services/access/types.ts';
import { type Admitted, identify, refuseRate } from '../callers.ts';
import { mostOperations, refuseOneMore, tooManyOperations } from '../connection-refusals.ts';
import { closing, type Refusal } from '../guard.ts';

export interface ProtocolOptions {
  readonly graphql: GraphQLServer;
  readonly access: Access;
  /** Aborts as soon as the server begins to stop: no operation begins any more. */
  readonly stopping: AbortSignal;
  /** Ends with the server. */
  readonly life: AbortSignal;
  /** Operations begin in turns. */
  readonly loop: LoopTurns;
  /** Whose connections are open. */
  readonly owners: () => readonly Caller[];
}

export interface Upgraded {
  readonly request: IncomingMessage;
  close(code: number, reason: string): void;
  /** Aborts when the connection has closed. */
  readonly gone: AbortSignal;
  /** Since connection_init. */
  by?: Admitted;
}

type InitPayload = Record<string, unknown> | undefined;

/** How long a client may take to send connection_init, in milliseconds. */
const initMs = 10_000;

export const openProtocol = (options: ProtocolOptions): Server<Upgraded> =>
  makeServer<NonNullable<InitPayload>, Upgraded>({
    connectionInitWaitTimeout: initMs,
    onConnect: (connection) => greet(options, connection),
    onSubscribe: (connection, id, payload) => begin(options, connection, id, payload),
    subscribe: ({ rootValue }) => rootValue as AsyncGenerator<never>,
    onNext: (_connection, _id, _payload, _args, result) => result as never,
    onError: (_connection, _id, _payload, errors) => errors.map((error) => plainError(error as GraphQLError)),
  });

/** What closes a connection: a key that does not hold, or no longer; one that cannot be looked up, or has too many. */
const [unauthenticated, tryAgainLater] = [4401, 1013];

/** Finds out who opens a connection; false = it was closed, as it is when the key ends. */
async function greet(
  { access, owners }: ProtocolOptions,
  { connectionParams, extra }: Context<InitPayload, Upgraded>,
): Promise<boolean> {
  const admission = await identify(access, authorizationOf(connectionParams, extra));
  const { held, refusal } = admission;
  if (refusal) {
    extra.close(refusal.status === 401 ? unauthenticated : tryAgainLater, reasonOf(refusal.error));
    return false;
  }
  const tooMany = refuseOneMore(admission.caller, owners());
  if (tooMany) {
    extra.close(tryAgainLater, reasonOf(tooMany.error));
    return false;
  }
  const end = (): void => extra.close(unauthenticated, reasonOf(held.reason as TandemError));
  held.addEventListener('abort', end, { signal: extra.gone });
  extra.by = admission;
  return true;
}

/** By a document the library chooses how it asks for results. Here those of any operation are a stream. */
const document = parse('subscription { results }');

/** Runs an operation, and resolves with what the library takes its results from; with its errors if it is refused. */
async function begin(
  { graphql, access, stopping, life, loop }: ProtocolOptions,
  connection: Context<InitPayload, Upgraded>,
  id: string,
  payload: SubscribePayload,
): Promise<ExecutionArgs | GraphQLError[]> {
  if (stopping.aborted) return [errorOf(closing())];
  if (Object.keys(connection.subscriptions).length > mostOperations) return [errorOf(tooManyOperations())];
  const { by } = connection.extra;
  invariant(by, 'The library begins no operation before it has acknowledged the connection');
  const { caller, held } = by;
  const refusal = refuseRate(access, caller);
  if (refusal) return [errorOf(refusal)];
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, life, held]);
  // The library returns it when the client completes the operation or goes away, also before there are results.
  connection.subscriptions[id] = endedBy(ended, nothing());
  try {
    await loop.take();
    signal.throwIfAborted();
    const { refusals, results } = await runOperation(graphql, JSON.stringify(payload), {
      ...{ caller, connection: 'web-socket', signal, stopping },
    });
    if (refusals.length > 0) return [...refusals];
    return { document, rootValue: endedBy(ended, results) } as Partial<ExecutionArgs> as ExecutionArgs;
  } catch (error) {
    if (!signal.aborted) throw error;
    // Nobody waits any more, and an answer could reach a new operation with the same id.
    return new Promise(() => {});
  }
}

/** Pages cannot set a header of an upgrade: their key is in the payload of connection_init, or among its `headers`. */
function authorizationOf(payload: InitPayload, { request }: Upgraded): string | undefined {
  const headers = payload?.['headers'];
  const told = [payload, headers].flatMap((fields) => (typeof fields === 'object' ? Object.entries(fields ?? {}) : []));
  const value = told.find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return typeof value === 'string' ? value : request.headers.authorization;
}

/** The most bytes that the reason of a close may have. */
const mostReasonBytes = 123;

/** The message, cut between characters where it is too long. */
const reasonOf = ({ message }: TandemError): string =>
  Buffer.from(message)
    .subarray(0, mostReasonBytes)
    .toString()
    .replace(/\ufffd+$/, '');

const errorOf = ({ error: { message, code, details } }: Refusal): GraphQLError =>
  new GraphQLError(message, { extensions: { code, ...details } });

async function* nothing(): OperationResults {}

/** The same results; whoever returns them ends the operation. */
function endedBy(operation: AbortController, results: OperationResults): OperationResults {
  const end = results.return.bind(results);
  results.return = () => {
    operation.abort();
    return end();
  };
  return results;
}
