/**
 * Which names the server may be asked by, and the pages of which origins may ask: the checks of Host and Origin, which
 * come before all others, and what browsers are told of them (CORS). Called by server.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessSettings } from '../config.ts';
import { type Refusal, type RequestFacts, refuse } from './guard.ts';

export interface Sites {
  /** Values of the Host header. */
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  /** Where this machine asks, for example http://127.0.0.1:4000 */
  readonly url: string;
}

type Places = Pick<AccessSettings, 'host' | 'hosts' | 'origins'>;

/** Of a server that listens on this port. Names that resolve to this machine alone are always among its hosts. */
export function sitesOf({ host, hosts, origins }: Places, port: number): Sites {
  const address = host.includes(':') ? `[${host}]` : host;
  // As browsers write it. Nobody has an address that stands for all.
  const name = new URL(`http://${address}`).hostname;
  const named = ['0.0.0.0', '[::]'].includes(name) ? [] : [name];
  const names = [...new Set(['127.0.0.1', 'localhost', '[::1]', ...named])];
  // Without the port where it is that of HTTP.
  const own = names.map((each) => new URL(`http://${each}:${port}`).host);
  const reached = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[name] ?? name;
  return {
    hosts: [...own, ...hosts],
    // Behind a proxy a page has the scheme of the proxy.
    origins: [
      ...[...own, ...hosts].map((each) => `http://${each}`),
      ...hosts.map((each) => `https://${each}`),
      ...origins,
    ],
    url: `http://${reached}:${port}`,
  };
}

/**
 * Against DNS rebinding: a page whose host name resolves to the server's address sends that name in the Host header.
 * Null = allowed.
 */
export function refuseHost({ headers }: Pick<RequestFacts, 'headers'>, { hosts, url }: Sites): Refusal | null {
  const host = String(headers['host'] ?? '').toLowerCase();
  if (hosts.includes(host)) return null;
  return refuse(421, 'FORBIDDEN', `The Host header is ${JSON.stringify(host.slice(0, 200))}`, {
    field: 'Host',
    expected: hosts.join(', '),
    remedy: `Ask ${url}, or name this host in TANDEM_HOSTS.`,
  });
}

/** Of a page that asks, as its browser says; undefined = a program, or a request that any page may cause. */
const originOf = ({ headers }: Pick<RequestFacts, 'headers'>): string | undefined =>
  headers['origin'] === undefined ? undefined : String(headers['origin']).toLowerCase();

/** Null = allowed. Also of requests that need no preflight, so that none of them is acted on. */
export function refuseOrigin(facts: Pick<RequestFacts, 'headers'>, { origins, url }: Sites): Refusal | null {
  const origin = originOf(facts);
  if (origin === undefined || origins.includes(origin)) return null;
  return refuse(403, 'FORBIDDEN', `The page is of the origin ${JSON.stringify(origin.slice(0, 200))}`, {
    field: 'Origin',
    expected: `a page of the server itself (${url}) or of an origin in TANDEM_ORIGINS`,
    remedy: 'Name the origin in TANDEM_ORIGINS, or let the server of the page pass requests on without the header.',
  });
}

/** What the page that asks may read: the answer, a refusal as well. Without cookies, since keys are headers. */
export function allowReading(request: IncomingMessage, response: ServerResponse, { origins }: Sites): void {
  response.setHeader('vary', 'Origin');
  const origin = originOf(request);
  if (origin === undefined || !origins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'retry-after, www-authenticate');
}
