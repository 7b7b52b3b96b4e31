/**
 * The HTTP server: POST /graphql (queries, mutations, and subscriptions as server-sent events), WebSockets at /graphql
 * and event streams at /graphql/stream (many operations on one connection), PUT and DELETE below /import (uploads),
 * /v1/ (embeddings as OpenAI has them), GET /health, GET /ready, GET /metrics, GET / (GraphiQL). Called by main.ts. It
 * does not look into GraphQL operations.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccessSettings } from '../config.ts';
import type { GraphQLServer } from '../graphql/server.ts';
import { graphqlPath } from '../graphql/server.ts';
import { LoopTurns } from '../live/turn.ts';
import type { Logger } from '../log.ts';
import { type OpenAiApi, openAiPath } from '../openai/api.ts';
import { challengeHeader, proofHeader, proofOf } from '../server-proof.ts';
import type { Access } from '../services/access/types.ts';
import type { Ailment, Probes } from '../services/system/health.ts';
import type { Uploads } from '../services/uploads/uploads.ts';
import { endsWithin } from '../within.ts';
import { headTimes, limitBodyTime } from './body-time.ts';
import { admit } from './callers.ts';
import { EventStreams, streamPath } from './event-streams/streams.ts';
import { graphiqlPage, pageHeaders } from './graphiql.ts';
import { closing, notFoundHere, type Refusal, type RequestFacts, refusalBody, tooManyWaiting } from './guard.ts';
import { listen } from './listen.ts';
import { countRequest, traceRequest } from './observe.ts';
import { answerOpenAi, refuseOpenAi } from './openai.ts';
import { answerOperation } from './operation.ts';
import { answerPreflight } from './preflight.ts';
import { answerRawRequests } from './raw-requests.ts';
import { secureHeaders } from './reply.ts';
import { allowReading, refuseHost, refuseOrigin, type Sites, sitesOf } from './sites.ts';
import { mostWaiting, Turns } from './turns.ts';
import { answerUpload, importPath, isUpload } from './uploads.ts';
import { Sockets } from './web-socket/sockets.ts';

export interface HttpServer {
  /** For example http://127.0.0.1:4000 */
  readonly url: string;
  readonly port: number;
  /** Refuses new requests from now on; running requests continue. */
  drain(): void;
  /** Ends streams and running requests, and stops listening; takes a second at most, whatever the clients do. */
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly graphql: GraphQLServer;
  readonly openai: OpenAiApi;
  readonly uploads: Uploads;
  readonly access: Access;
  readonly probes: Probes;
  /** By which GET /health proves whose server.json it is. */
  readonly secret: string;
  readonly port: number;
  readonly settings: Pick<AccessSettings, 'host' | 'hosts' | 'origins' | 'graphiql'>;
  readonly bodyBytes: number;
  readonly logger: Logger;
}

/** How long aborted requests may take to send their last answer. */
const graceMs = 500;

export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const [life, stopping] = [new AbortController(), new AbortController()];
  const running = new Set<Promise<void>>();
  const [turns, answering] = [new Turns(), new WeakMap<Duplex, ServerResponse>()];
  const sites = sitesOf(options.settings, options.port);
  const loop = new LoopTurns();
  const context: Serving = { ...options, sites, loop, life: life.signal, stopping: stopping.signal };
  const [sockets, streams] = [new Sockets(context), new EventStreams(context)];
  // A request without a Host header is refused by refuseHost, with a body.
  const server = createServer({ requireHostHeader: false, ...headTimes }, (request, response) => {
    const path = pathOf(request);
    if (!isUpload({ method: request.method ?? 'GET', path })) limitBodyTime(server, request);
    countRequest(request, response, path);
    allowReading(request, response, context.sites);
    const begin = () => {
      answering.set(request.socket, response);
      return traceRequest(request, response, path, () => answer(request, response, { ...context, streams }));
    };
    const refuse = () => refuserOf(path, response, options)(tooManyWaiting(mostWaiting));
    const work = turns.take(request.socket, begin, refuse).catch((error: unknown) => {
      if (!life.signal.aborted && !response.destroyed) options.logger.error({ err: error }, 'a request failed');
      response.destroy();
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  });
  answerRawRequests(server, {
    answering: (socket) => answering.get(socket),
    refuse: sendRefusal,
    upgrade: (request, socket, head) => refuseUpgrade(request, context) ?? sockets.accept(request, socket, head),
  });
  const port = await listen(server, options.settings.host, options.port);
  context.sites = sitesOf(options.settings, port);
  return {
    url: context.sites.url,
    port,
    drain: () => stopping.abort(),
    async close() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const socketsClosed = sockets.close(graceMs);
      life.abort();
      server.closeIdleConnections();
      await endsWithin(graceMs, Promise.all(running));
      // A client that stalls, in sending or in reading, loses its connection; its request ends with that.
      server.closeAllConnections();
      await endsWithin(graceMs, Promise.all([...running, socketsClosed]));
      await closed;
    },
  };
}

/** Without the query string. */
const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/';

/** Sends refusals in the form that clients of the path read. */
const refuserOf =
  (path: string, response: ServerResponse, { openai }: Pick<HttpOptions, 'openai'>) =>
  (refusal: Refusal): void =>
    `${path}/`.startsWith(openAiPath) ? refuseOpenAi(response, openai, refusal) : sendRefusal(response, refusal);

type Serving = HttpOptions & {
  /** Known once the server listens. */
  sites: Sites;
  readonly life: AbortSignal;
  /** Aborts when draining begins. */
  readonly stopping: AbortSignal;
  /** Operations begin in turns. */
  readonly loop: LoopTurns;
};

type Request = Serving & { readonly streams: EventStreams };

async function answer(request: IncomingMessage, response: ServerResponse, options: Request): Promise<void> {
  const path = pathOf(request);
  const facts: RequestFacts = { method: request.method ?? 'GET', path, headers: request.headers };
  const refuse = refuserOf(path, response, options);
  const foreign = refuseHost(facts, options.sites) ?? refuseOrigin(facts, options.sites);
  if (foreign) return refuse(foreign);
  if (answerPreflight(response, facts)) return;
  if (`${path}/`.startsWith(openAiPath)) {
    return answerOpenAi(request, response, facts, { ...options, draining: options.stopping.aborted });
  }
  const refusal = await answerPath(request, response, facts, options);
  if (refusal) refuse(refusal);
}

/** Answers a request of a path, or resolves with why not. */
async function answerPath(
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
  options: Request,
): Promise<Refusal | null> {
  const { access, probes, secret, streams, stopping, settings } = options;
  if (facts.path.startsWith(importPath)) return answerUpload(request, response, facts, options);
  if (facts.path === streamPath && streams.isFor(request)) return streams.answer(request, response, facts);
  if (facts.path === streamPath || facts.path === graphqlPath)
    return answerOperation(request, response, facts, options);
  if (facts.method !== 'GET') return notFoundHere(facts);
  if (facts.path === '/health') {
    const proof = proofOf(secret, facts.headers[challengeHeader]);
    if (proof) response.setHeader(proofHeader, proof);
    sendProbe(response, probes.health());
  } else if (facts.path === '/metrics') {
    const { refusal } = await admit(access, request.headers.authorization);
    if (refusal) return refusal;
    send(response, 200, metricsType, await probes.metrics());
  } else if (facts.path === '/ready') sendProbe(response, stopping.aborted ? [stops()] : await probes.readiness());
  else if (facts.path !== '/' || !settings.graphiql) return notFoundHere(facts);
  else response.writeHead(200, { ...secureHeaders, ...pageHeaders }).end(graphiqlPage(graphqlPath));
  return null;
}

/** Why a WebSocket is not opened: everybody may ask for it, also pages of other origins, which it does not tell. */
function refuseUpgrade(request: IncomingMessage, { sites, stopping }: Serving): Refusal | null {
  const facts: RequestFacts = { method: request.method ?? 'GET', path: pathOf(request), headers: request.headers };
  const foreign = refuseHost(facts, sites) ?? refuseOrigin(facts, sites);
  if (foreign) return foreign;
  if (facts.path !== graphqlPath) return notFoundHere(facts);
  return stopping.aborted ? closing() : null;
}

/** Of Prometheus' text format. */
const metricsType = 'text/plain; version=0.0.4';

/** Answers 200, or 503 with the parts that do not work. */
function sendProbe(response: ServerResponse, ailments: readonly Ailment[]): void {
  const ok = ailments.length === 0;
  const body = ok ? { status: 'ok' } : { status: 'failing', failing: ailments };
  send(response, ok ? 200 : 503, 'application/json', JSON.stringify(body));
}

function stops(): Ailment {
  const { message, details } = closing().error;
  return { part: 'server', message, remedy: details.remedy ?? '' };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, ...secureHeaders }).end(body);
}

const graphqlType = 'application/graphql-response+json';

/** How long what is left of a refused upload is read and dropped. */
const lingerMs = 1_000;

/**
 * Closes the connection: the body of a refused request is not read. A client that is still sending a file would take
 * that for a broken connection before it reads the answer, so it is given time to.
 */
function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  response.setHeader('connection', 'close');
  if (refusal.status === 401) response.setHeader('www-authenticate', 'Bearer');
  const { retryAfter } = refusal.error.details;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  if (refusal.status === 405) response.setHeader('allow', refusal.allow ?? 'POST');
  // Clients take errors out of an answer with such a status only where its type says that it is one of GraphQL.
  const named = String(response.req.headers.accept).includes(graphqlType);
  const [type, body] = [named ? graphqlType : 'application/json', refusalBody(refusal)];
  const { req: request } = response;
  if (request.complete || !isUpload({ method: request.method ?? 'GET', path: pathOf(request) })) {
    send(response, refusal.status, type, body);
    return;
  }
  response.setHeader('content-length', Buffer.byteLength(body));
  // Written at once, and not behind this turn: a server that stops closes its connections before.
  response.cork();
  response.writeHead(refusal.status, { 'content-type': `${type}; charset=utf-8`, ...secureHeaders }).write(body);
  response.uncork();
  const timer = setTimeout(() => response.end(), lingerMs);
  request
    .on('error', () => {})
    .once('close', () => {
      clearTimeout(timer);
      response.end();
    });
  request.resume();
}
