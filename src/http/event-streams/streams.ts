/**
 * /graphql/stream: the single connection mode of the graphql-sse protocol. PUT reserves a stream and answers its token;
 * GET opens it; POST begins an operation, whose results go to it; DELETE ends one. It belongs to the caller who
 * reserved it. Called by http/server.ts.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptsAny } from '../../graphql/operations/request-form.ts';
import type { Access } from '../../services/access/types.ts';
import { readText } from '../body.ts';
import { type Admitted, admit, identify } from '../callers.ts';
import {
  mostConnections,
  notOffered,
  refuseOneMore,
  streamAccept,
  streamIsOpen,
  streamNotFound,
  tooManyConnections,
  unnamedOperation,
} from '../connection-refusals.ts';
import { closing, type Refusal, type RequestFacts, refuseJson } from '../guard.ts';
import { secureHeaders } from '../reply.ts';
import { EventStream, type StreamOptions } from './stream.ts';

export const streamPath = '/graphql/stream';

/** The token of a reservation is a header or, for the EventSource of browsers, a parameter of the address. */
export const tokenHeader = 'x-graphql-event-stream-token';

/** How long a reservation waits for its reader, in milliseconds. */
const reservedMs = 30_000;

interface Options extends StreamOptions {
  readonly access: Access;
  readonly bodyBytes: number;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: RequestFacts;
  readonly by: Admitted;
}

export class EventStreams {
  readonly #options: Options;
  readonly #streams = new Map<string, EventStream>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** False for an operation that names no stream: it is answered by itself, as one of /graphql. */
  isFor(request: IncomingMessage): boolean {
    return request.method !== 'POST' || tokenOf(request) !== '';
  }

  /** Answers a request, or resolves with why not. */
  async answer(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<Refusal | null> {
    // Whoever sends too much may still end what is under way.
    const ask = facts.method === 'DELETE' ? identify : admit;
    const admission = await ask(this.#options.access, request.headers.authorization);
    if (admission.refusal) return admission.refusal;
    const asked = { request, response, facts, by: admission };
    if (facts.method === 'PUT') return this.#reserve(asked);
    if (!['GET', 'POST', 'DELETE'].includes(facts.method)) return notOffered(facts, 'GET, PUT, POST, DELETE');
    const token = tokenOf(request);
    const stream = this.#streams.get(token);
    if (!stream?.belongsTo(admission.caller)) return streamNotFound();
    if (facts.method === 'GET') return this.#open(asked, token, stream);
    if (facts.method === 'POST') return this.#begin(asked, stream);
    const id = searchOf(request).get('operationId');
    if (!id) return unnamedOperation('operationId, a parameter of the address');
    stream.stop(id);
    response.writeHead(200, secureHeaders).end();
    return null;
  }

  #reserve({ response, facts, by }: Asked): Refusal | null {
    if (this.#options.stopping.aborted) return closing();
    if (!takes(facts, 'text/plain')) return streamAccept(facts, 'text/plain');
    const owners = [...this.#streams.values()].map(({ owner }) => owner);
    const tooMany = refuseOneMore(by.caller, owners);
    if (tooMany) return tooMany;
    if (this.#streams.size >= mostConnections) return tooManyConnections();
    const token = randomUUID();
    const stream = new EventStream(this.#options, by);
    this.#streams.set(token, stream);
    setTimeout(() => {
      if (!stream.isOpen) this.#remove(token);
    }, reservedMs).unref();
    response.writeHead(201, { ...secureHeaders, 'content-type': 'text/plain; charset=utf-8' }).end(token);
    return null;
  }

  async #open({ response, facts }: Asked, token: string, stream: EventStream): Promise<Refusal | null> {
    if (!takes(facts, 'text/event-stream')) return streamAccept(facts, 'text/event-stream');
    if (stream.isOpen) return streamIsOpen();
    response.writeHead(200, { ...secureHeaders, 'content-type': 'text/event-stream; charset=utf-8' });
    await stream.open(response);
    this.#remove(token);
    return null;
  }

  async #begin({ request, response, facts, by }: Asked, stream: EventStream): Promise<Refusal | null> {
    const { bodyBytes } = this.#options;
    const refusal = refuseJson(facts, bodyBytes);
    if (refusal) return refusal;
    if (!takes(facts, 'application/json')) return streamAccept(facts, 'application/json');
    const { body, refusal: unread } = await readText(request, bodyBytes, by.held);
    if (unread) return unread;
    const id = operationIdOf(body);
    if (id === '') return unnamedOperation('extensions.operationId, a string');
    const refused = await stream.start(id, body);
    if (!refused) response.writeHead(202, secureHeaders).end();
    return refused;
  }

  #remove(token: string): void {
    this.#streams.get(token)?.end();
    this.#streams.delete(token);
  }
}

const searchOf = ({ url = '' }: IncomingMessage): URLSearchParams => new URLSearchParams(url.split('?')[1]);

const tokenOf = (request: IncomingMessage): string =>
  String(request.headers[tokenHeader] ?? searchOf(request).get('token') ?? '');

const takes = ({ headers }: RequestFacts, type: string): boolean =>
  acceptsAny(String(headers['accept'] ?? '*/*'), [type]);

/** Empty if there is none; of a body that is no JSON anything else, so that the engine says what is wrong with it. */
function operationIdOf(body: Uint8Array): string {
  try {
    const id: unknown = JSON.parse(Buffer.from(body).toString())?.extensions?.operationId;
    return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
  } catch {
    return 'no JSON';
  }
}
