/** POST /graphql: one operation, answered as JSON or, a subscription, as server-sent events. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TandemError } from '../errors.ts';
import { type GraphQLServer, graphqlPath } from '../graphql/server.ts';
import type { LoopTurns } from '../live/turn.ts';
import type { Access } from '../services/access/types.ts';
import { readBody } from './body.ts';
import { admit, refusalOfKey } from './callers.ts';
import { closing, notUtf8, type Refusal, type RequestFacts, refuseOperation, tooLarge } from './guard.ts';
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
  const { caller, refusal: stranger } = await admit(access, request.headers.authorization);
  if (stranger) return stranger;
  const body = await readBody(request, bodyBytes);
  if (body === null) return tooLarge(bodyBytes);
  if (!isUtf8(body)) return notUtf8();
  await loop.take();
  const [gone, held] = [new AbortController(), access.signalOf(caller)];
  response.once('close', () => gone.abort());
  const accept = String(request.headers.accept ?? 'application/json');
  const lastEventId = String(request.headers['last-event-id'] ?? '');
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, 'last-event-id': lastEventId },
    body,
    signal: AbortSignal.any([gone.signal, life, held]),
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
