/**
 * One real service for all suites of live.test.ts: PGlite, storage, worker threads, a software or hardware adapter,
 * HTTP. What the tests share is in `made`: it is there before the first test, and no test changes it, so that each test
 * runs alone and in any order.
 */
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { expect } from 'vitest';
import { type Config, defaultLimits } from '../../../src/config.ts';
import { createLogger } from '../../../src/log.ts';
import { type RunningTandem, startTandem } from '../../../src/main.ts';
import type { SilentHub } from '../../silent-hub.ts';

export interface Failure {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** An answer's data as the test expects them; checked by what the test asserts. */
type Data = Readonly<Record<string, unknown>>;

export interface Answer<T = Data> {
  readonly data?: T | null;
  readonly errors?: readonly Failure[];
}

export const limits = {
  ...{ ...defaultLimits, bodyBytes: 300_000, textCodePoints: 2_000, listItems: 120, pageSize: 20 },
  waitingRequests: 32,
};

/** Ids of the fixture. */
export interface Made {
  readonly ir: string;
  readonly sts: string;
  readonly model: string;
  readonly run: string;
  /** Those of the run: the untrained one and the trained one. */
  readonly checkpoints: readonly string[];
}

export interface Served {
  readonly config: Config;
  readonly url: string;
  readonly tandem: RunningTandem;
}

export interface Live extends Served {
  readonly made: Made;
  /** Where imports from a hub go. */
  readonly hub: SilentHub;
}

/** The service on a data folder that is there. */
export async function serve(config: Config): Promise<Served> {
  const tandem = await startTandem(config, { logger: createLogger('test', 'silent') });
  return { config, url: tandem.url, tandem };
}

export async function stopLive({ tandem, config, hub }: Live): Promise<void> {
  await tandem.close();
  hub.close();
  await rm(config.dataDir, { recursive: true, force: true });
}

export const headers = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };

/** Sends an operation and reads the whole answer. */
export async function ask<T = Data>(
  { url }: Served,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer<T>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer<T>;
}

/** The data of an operation that must succeed. */
export async function get<T = Data>(
  live: Served,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const { data, errors } = await ask<T>(live, query, variables);
  expect(errors).toBeUndefined();
  return data as T;
}

/** The first error of an operation that must fail: it names what was expected, and what to do unless it is syntax. */
export async function refusal(
  live: Served,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Failure> {
  const { errors, data } = await ask(live, query, variables);
  const [error] = errors ?? [];
  if (error === undefined) throw new Error(`not refused: ${JSON.stringify(data)}`);
  expect(error.extensions).toMatchObject({ code: expect.any(String), expected: expect.any(String) });
  // Callers are given global ids, never the keys of rows.
  expect(JSON.stringify(error)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  return error;
}

/** [code, field] of a refused mutation with one input. */
export async function inputRefusal(live: Served, mutation: string, type: string, input: unknown): Promise<unknown[]> {
  const query = `mutation($input: ${type}!) { ${mutation}(input: $input) { __typename } }`;
  const { extensions } = await refusal(live, query, { input });
  return [extensions['code'], extensions['field']];
}

/** The text of an operation's event stream, without the comments that keep the connection open. */
export async function eventsOf(
  { url }: Served,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<string> {
  const response = await openStream({ url }, query, variables);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  return (await response.text()).replaceAll(/^:\n\n/gm, '');
}

/** Opens the event stream of a subscription. */
export const openStream = (
  { url }: Pick<Served, 'url'>,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables }),
  });

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A request with any header, Host included, which fetch would not send. */
export function raw(
  { url }: Served,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      { method: options.method ?? 'GET', headers: options.headers ?? {} },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}
