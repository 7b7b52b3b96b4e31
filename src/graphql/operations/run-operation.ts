/**
 * Runs one operation for a connection that carries several. The engine answers it as if it had been sent by itself, so
 * that its context, limits and errors are the same; only its results are handed over in place of being written. Called
 * by http/.
 */
import type { FormattedExecutionResult, GraphQLError } from 'graphql';
import { type GraphQLServer, graphqlPath, type Served, type Taken } from '../server.ts';
import { plainResult } from './event-stream.ts';

/**
 * What is sent of a query or a mutation, once, or of each event of a subscription; `extensions.eventId` is the number
 * of an event, which `extensions.lastEventId` of a request takes.
 */
export type OperationResults = AsyncGenerator<FormattedExecutionResult, void, undefined>;

export interface RunningOperation {
  /** Why nothing ran: the form of the request, the text of the operation, or a limit. Else empty. */
  readonly refusals: readonly GraphQLError[];
  readonly results: OperationResults;
}

/** `body`: JSON as it would be sent by POST. `signal` ends the operation; then it throws the reason. */
export async function runOperation(
  engine: GraphQLServer,
  body: string | Uint8Array<ArrayBuffer>,
  { signal, ...served }: Omit<Served, 'take'> & { readonly signal: AbortSignal },
): Promise<RunningOperation> {
  let running: RunningOperation | undefined;
  const init = { method: 'POST', headers: { 'content-type': 'application/json', accept: '*/*' }, body, signal };
  const answer = await engine.fetch(`http://127.0.0.1${graphqlPath}`, init, {
    ...served,
    take({ results, begun }) {
      const refusals = begun || Symbol.asyncIterator in results ? [] : (results.errors ?? []);
      running = { refusals, results: sent(results) };
    },
  });
  signal.throwIfAborted();
  if (!running) throw new Error(`the engine answered ${answer.status} without a result`);
  return running;
}

async function* sent(results: Taken['results']): OperationResults {
  if (!(Symbol.asyncIterator in results)) return yield plainResult(results);
  for await (const { result, eventId } of results) {
    const plain = plainResult(result);
    yield eventId === undefined ? plain : { ...plain, extensions: { ...plain.extensions, eventId } };
  }
}
