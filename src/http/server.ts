/**
 * The HTTP server, on the loopback interface only: POST /graphql (queries, mutations, and subscriptions as server-sent
 * events), /v1/ (embeddings as OpenAI has them), GET /health, GET /ready, GET /metrics, GET / (GraphiQL). Called by
 * main.ts. It does not look into GraphQL operations.
 */
import { isUtf8 } from 'node:buffer';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { conflict } from '../errors.ts';
import type { GraphQLServer } from '../graphql/server.ts';
import { graphqlPath } from '../graphql/server.ts';
import type { Logger } from '../log.ts';
import { type OpenAiApi, openAiPath } from '../openai/api.ts';
import type { Ailment, Probes } from '../services/system/health.ts';
import { endsWithin } from '../within.ts';
import { readBody } from './body.ts';
import { graphiqlPage, pageHeaders } from './graphiql.ts';
import {
  closing,
  notFoundHere,
  notUtf8,
  type Refusal,
  type RequestFacts,
  refusalBody,
  refuseHost,
  refuseOperation,
  tooLarge,
  tooManyWaiting,
} from './guard.ts';
import { countRequest, traceRequest } from './observe.ts';
import { answerOpenAi, refuseOpenAi } from './openai.ts';
import { secureHeaders, sendAnswer } from './reply.ts';
import { mostWaiting, Turns } from './turns.ts';

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
  readonly probes: Probes;
  readonly port: number;
  readonly bodyBytes: number;
  readonly logger: Logger;
}

/** Only the loopback interface, until API keys exist. */
const host = '127.0.0.1';

/** How long aborted requests may take to send their last answer. */
const graceMs = 500;

export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const life = new AbortController();
  const state = { draining: false, port: options.port };
  const running = new Set<Promise<void>>();
  const turns = new Turns();
  const server = createServer((request, response) => {
    const path = pathOf(request);
    countRequest(request, response, path);
    const begin = () =>
      traceRequest(request, response, path, () =>
        answer(request, response, { ...options, ...state, life: life.signal }),
      );
    const refuse = () => refuserOf(path, response, options)(tooManyWaiting(mostWaiting));
    const work = turns.take(request.socket, begin, refuse).catch((error: unknown) => {
      if (!life.signal.aborted && !response.destroyed) options.logger.error({ err: error }, 'a request failed');
      response.destroy();
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  });
  state.port = await listen(server, options.port);
  return {
    url: `http://${host}:${state.port}`,
    port: state.port,
    drain() {
      state.draining = true;
    },
    async close() {
      state.draining = true;
      life.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await endsWithin(graceMs, Promise.all(running));
      // A client that stalls, in sending or in reading, loses its connection; its request ends with that.
      server.closeAllConnections();
      await endsWithin(graceMs, Promise.all(running));
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'may not be used' : 'is taken';
      reject(
        conflict(`Port ${port} of ${host} ${why}`, {
          field: 'TANDEM_PORT',
          expected: 'a free port',
          remedy: 'Stop what listens there, or set TANDEM_PORT to another port (0 = any free one).',
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Without the query string. */
const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/';

/** Sends refusals in the form that clients of the path read. */
const refuserOf =
  (path: string, response: ServerResponse, { openai }: Pick<HttpOptions, 'openai'>) =>
  (refusal: Refusal): void =>
    `${path}/`.startsWith(openAiPath) ? refuseOpenAi(response, openai, refusal) : sendRefusal(response, refusal);

type Request = HttpOptions & { readonly draining: boolean; readonly life: AbortSignal };

async function answer(request: IncomingMessage, response: ServerResponse, options: Request): Promise<void> {
  const path = pathOf(request);
  const facts: RequestFacts = { method: request.method ?? 'GET', path, headers: request.headers };
  const foreign = refuseHost(facts, options.port);
  if (foreign) return refuserOf(path, response, options)(foreign);
  if (path === graphqlPath) return answerOperation(request, response, facts, options);
  if (`${path}/`.startsWith(openAiPath)) return answerOpenAi(request, response, facts, options);
  if (facts.method !== 'GET') return sendRefusal(response, notFoundHere(facts));
  if (path === '/health') return sendProbe(response, options.probes.health());
  if (path === '/metrics') return send(response, 200, metricsType, await options.probes.metrics());
  if (path === '/ready') return sendProbe(response, options.draining ? [stopping()] : await options.probes.readiness());
  if (path !== '/') return sendRefusal(response, notFoundHere(facts));
  response.writeHead(200, { ...secureHeaders, ...pageHeaders }).end(graphiqlPage(graphqlPath));
}

async function answerOperation(
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
  { graphql, bodyBytes, draining, life, port }: Request,
): Promise<void> {
  const refusal = draining ? closing() : refuseOperation(facts, bodyBytes);
  if (refusal) return sendRefusal(response, refusal);
  const body = await readBody(request, bodyBytes);
  if (body === null) return sendRefusal(response, tooLarge(bodyBytes));
  if (!isUtf8(body)) return sendRefusal(response, notUtf8());
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const accept = String(request.headers.accept ?? 'application/json');
  const answered = graphql.fetch(`http://${host}:${port}${graphqlPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body,
    signal: AbortSignal.any([gone.signal, life]),
  });
  await sendAnswer(response, Promise.resolve(answered), { json: !accept.includes('text/event-stream') });
}

/** Of Prometheus' text format. */
const metricsType = 'text/plain; version=0.0.4';

/** Answers 200, or 503 with the parts that do not work. */
function sendProbe(response: ServerResponse, ailments: readonly Ailment[]): void {
  const ok = ailments.length === 0;
  const body = ok ? { status: 'ok' } : { status: 'failing', failing: ailments };
  send(response, ok ? 200 : 503, 'application/json', JSON.stringify(body));
}

function stopping(): Ailment {
  const { message, details } = closing().error;
  return { part: 'server', message, remedy: details.remedy ?? '' };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, ...secureHeaders }).end(body);
}

/** Closes the connection: the body of a refused request is not read. */
function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  response.setHeader('connection', 'close');
  if (refusal.status === 405) response.setHeader('allow', 'POST');
  send(response, refusal.status, 'application/json', refusalBody(refusal));
}
