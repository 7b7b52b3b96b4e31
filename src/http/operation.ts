/** POST /graphql: one operation, answered as JSON or, a subscription, as server-sent events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TandemError } from '../errors.ts';
import { type GraphQLServer, graphqlPath } from '../graphql/server.ts';
import type { LoopTurns } from '../live/turn.ts';
import type { Access } from '../services/access/types.ts';
import { readText } from './body.ts';
import { admit, refusalOfKey } from './callers.ts';
import { closing, type Refusal, type RequestFacts, refuseOperation } from './guard.ts';
import { sendAnswer } from './reply.ts';

export interface OperationOptions {
  readonly graphql: GraphQLServer;
  readonly access: Access;
  readonly bodyBytes: number;
  /** Ends with the server. */
  readonly life: AbortSignal;
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal;
  /** Operations begin in turns. */
  readonly loop: LoopTurns;
}

/** Answers a request, or resolves with why not. */
export async function answerOperation(
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
  { graphql, access, bodyBytes, life, stopping, loop }: OperationOptions,
): Promise<Refusal | null> {
  const refusal = stopping.aborted ? closing() : refuseOperation(facts, bodyBytes);
  if (refusal) return refusal;
  const { caller, held, refusal: stranger } = await admit(access, request.headers.authorization);
  if (stranger) return stranger;
  const { body, refusal: unread } = await readText(request, bodyBytes, held);
  if (unread) return unread;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, life, held]);
  await loop.take();
  if (held.aborted) return refusalOfKey(held.reason as TandemError);
  if (signal.aborted || response.destroyed) return null;
  const accept = String(request.headers.accept ?? 'application/json');
  const lastEventId = String(request.headers['last-event-id'] ?? '');
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, 'last-event-id': lastEventId },
    body,
    signal,
  };
  const answered = graphql.fetch(`http://127.0.0.1${graphqlPath}`, init, { caller, connection: 'http', stopping });
  try {
    await sendAnswer(response, Promise.resolve(answered), { json: !accept.includes('text/event-stream') });
  } catch (error) {
    if (!held.aborted) throw error;
    if (!response.headersSent) return refusalOfKey(held.reason as TandemError);
    response.destroy();
  }
  return null;
}
