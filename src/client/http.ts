/** One request to the server, and the reading of its answer. */
import type { OperationText } from './documents.ts';
import { ApiError, type GraphQLFailure, unreachable } from './error.ts';

export interface Endpoint {
  /** Address of POST /graphql. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly headers: HeadersOption | undefined;
}

/** Headers that are sent with each request, for example `authorization`, or what says them when they are needed. */
export type HeadersOption = Readonly<Record<string, string>> | (() => HeadersNow | Promise<HeadersNow>);

type HeadersNow = Readonly<Record<string, string>>;

/** By names in small letters. */
export async function headersOf(option: HeadersOption | undefined): Promise<Record<string, string>> {
  const headers = typeof option === 'function' ? await option() : (option ?? {});
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** What is asked for; `lastEventId` continues a subscription. */
export interface Request {
  readonly operation: OperationText;
  readonly variables: unknown;
  readonly lastEventId?: string | undefined;
}

/** The request as GraphQL over HTTP has it, which a WebSocket takes too. */
export const bodyOf = ({ operation, variables, lastEventId }: Request): object => ({
  query: operation.text,
  operationName: operation.name,
  variables,
  ...(lastEventId !== undefined && { extensions: { lastEventId } }),
});

export interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly GraphQLFailure[];
}

/**
 * The address with the path /graphql where it has none. Throws a TypeError if it is no URL, or has a user name or a
 * password: fetch refuses those, and errors would quote them.
 */
export function graphqlUrl(text: string): string {
  const url = new URL(text);
  if (url.username || url.password) throw new TypeError('The URL has a user name or a password: send a key in headers');
  if (url.pathname === '/') url.pathname = '/graphql';
  return url.href;
}

/** Resolves with the response's head. Throws {@link ApiError} if no server answers, or the reason of an abort. */
export async function post(
  endpoint: Endpoint,
  request: Request,
  accept: 'application/json' | 'text/event-stream',
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept, 'x-graphql-yoga-csrf': 'tandem' };
  return send(endpoint, endpoint.url, { method: 'POST', headers, body: JSON.stringify(bodyOf(request)) }, signal);
}

/** As {@link post}, to any address of the server. */
export async function send(
  { fetch, headers }: Endpoint,
  url: string,
  { headers: added, ...request }: RequestInit & { readonly headers?: Readonly<Record<string, string>> },
  signal: AbortSignal | undefined,
): Promise<Response> {
  const own = await headersOf(headers);
  try {
    return await fetch(url, { ...request, headers: { ...own, ...added }, signal: signal ?? null });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(url, error);
  }
}

/**
 * As {@link post}, for an answer in one piece. Asks once more where the connection closes without an answer, as one
 * does that was kept open and that the server gives up at that moment; a mutation only under an idempotency key,
 * because the first may have been done.
 */
export async function ask(
  endpoint: Endpoint,
  operation: OperationText,
  variables: unknown,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const once = (): Promise<Response> => post(endpoint, { operation, variables }, 'application/json', signal);
  try {
    return await once();
  } catch (error) {
    if (!hasClosed(error) || !isRepeatable(operation, variables)) throw error;
    return once();
  }
}

/** What Node's fetch (undici) and its sockets call a connection that the other side has closed. */
const closedCodes: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

function hasClosed(error: unknown): boolean {
  if (!(error instanceof ApiError && error.unreachable && error.cause instanceof Error)) return false;
  const { cause } = error.cause;
  return closedCodes.has((cause as { readonly code?: unknown } | undefined)?.code);
}

function isRepeatable({ kind }: OperationText, variables: unknown): boolean {
  const { input } = (variables ?? {}) as { readonly input?: { readonly idempotencyKey?: unknown } | null };
  return kind === 'query' || typeof input?.idempotencyKey === 'string';
}

/** The answer's JSON. Throws {@link ApiError} with the beginning of the text if it is something else. */
export async function readAnswer<Result>(response: Response): Promise<Answer<Result>> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Answer<Result>;
  } catch {
    throw new ApiError([{ message: `The server answered ${response.status}: ${text.slice(0, 200)}` }]);
  }
}

/** The data of an answer. Throws {@link ApiError} if the answer has errors or no data. */
export function dataOf<Result>({ data, errors }: Answer<Result>): Result {
  if (errors !== undefined && errors.length > 0) throw new ApiError(errors);
  if (data === undefined || data === null) throw new ApiError([{ message: 'The answer has neither data nor errors' }]);
  return data;
}
