/**
 * One real service for all suites of live.test.ts: PGlite, storage, worker threads, a software or hardware adapter, HTTP.
 * The suites run in order and build on each other; what they share is in `made`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Config, defaultLimits, loadConfig } from '../../../src/config.ts';
import { createLogger } from '../../../src/log.ts';
import { type RunningTandem, startTandem } from '../../../src/main.ts';

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

export const limits = { ...defaultLimits, bodyBytes: 300_000, textCodePoints: 2_000, listItems: 120, pageSize: 20 };

/** Ids of what earlier suites made. */
export interface Made {
  ir: string;
  sts: string;
  model: string;
  run: string;
  checkpoints: string[];
  fused: string;
  collection: string;
}

export interface Live {
  readonly config: Config;
  readonly url: string;
  readonly tandem: RunningTandem;
  readonly made: Made;
}

export async function startLive(): Promise<Live> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-live-'));
  const config: Config = { ...loadConfig({ ...process.env, TANDEM_DATA: dataDir, TANDEM_PORT: '0' }), limits };
  const tandem = await startTandem(config, { logger: createLogger('test', 'silent') });
  const made: Made = { ir: '', sts: '', model: '', run: '', checkpoints: [], fused: '', collection: '' };
  return { config, url: tandem.url, tandem, made };
}

export async function stopLive({ tandem, config }: Live): Promise<void> {
  await tandem.close();
  await rm(config.dataDir, { recursive: true, force: true });
}

export const headers = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };

/** Sends an operation and reads the whole answer. */
export async function ask<T = Data>(
  { url }: Live,
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
  live: Live,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const { data, errors } = await ask<T>(live, query, variables);
  expect(errors).toBeUndefined();
  return data as T;
}

/** The first error of an operation that must fail: it names what was expected, and what to do unless it is syntax. */
export async function refusal(
  live: Live,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Failure> {
  const { errors, data } = await ask(live, query, variables);
  const [error] = errors ?? [];
  if (error === undefined) throw new Error(`not refused: ${JSON.stringify(data)}`);
  expect(error.extensions).toMatchObject({ code: expect.any(String), expected: expect.any(String) });
  return error;
}

/** [code, field] of a refused mutation with one input. */
export async function inputRefusal(live: Live, mutation: string, type: string, input: unknown): Promise<unknown[]> {
  const query = `mutation($input: ${type}!) { ${mutation}(input: $input) { __typename } }`;
  const { extensions } = await refusal(live, query, { input });
  return [extensions['code'], extensions['field']];
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A request with any header, Host included, which fetch would not send. */
export function raw(
  { url }: Live,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
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
