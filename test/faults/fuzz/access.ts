/** Keys, origins and hosts that requests name: some that hold, and such as only an attacker or a defect sends. */
import { type Draws, pick } from '../draws.ts';

/** Of the server under attack, in TANDEM_ADMIN_KEY and TANDEM_ORIGINS. */
export const adminKey = 'fuzz-fuzz-fuzz-fuzz-fuzz-fuzz-fuzz-fuzz';
export const page = 'http://localhost:5173';

export const admin = `Bearer ${adminKey}`;

const unknownKey = `tdm_AAAAAAAA_${'B'.repeat(43)}`;

/** Values of the header authorization. Each is text of Latin-1, since others cannot be sent. */
const strangers: readonly string[] = [
  ...['', ' ', 'Bearer', 'Bearer ', 'bearer x', `Bearer ${unknownKey}`, `Bearer ${unknownKey} `, unknownKey],
  ...[`Bearer ${adminKey.slice(0, -1)}`, `Bearer ${adminKey}x`, `Bearer  ${adminKey}`, `BEARER ${adminKey}`],
  ...[`Bearer ${adminKey},Bearer ${adminKey}`, `Token ${adminKey}`, `Basic ${btoa(`x:${adminKey}`)}`, adminKey],
  ...['Bearer tdm_', 'Bearer tdm__', `Bearer tdm_${'A'.repeat(60)}`, `Bearer tdm_'; --_${'B'.repeat(43)}`],
  ...[`Bearer tdm_${'\u00e9'.repeat(8)}_${'B'.repeat(43)}`, `Bearer ${'x'.repeat(8_000)}`, 'Bearer \u00ff\u0080'],
  ...['Bearer undefined', 'Bearer null', 'Bearer [object Object]', 'Bearer %00', 'Bearer ../../etc/passwd'],
];

const origins = (port: number): readonly string[] => [
  ...[page, page, `http://127.0.0.1:${port}`, `http://localhost:${port}`],
  ...['', 'null', '*', 'http://evil.example', `${page}/`, `${page}.evil.example`, 'https://localhost:5173', 'file://'],
  ...[
    `${page}, ${page}`,
    `http://127.0.0.1:${port}@evil.example`,
    'http://\u00e9',
    'x'.repeat(4_000),
    'HTTP://LOCALHOST:5173',
  ],
];

const hosts = (port: number): readonly string[] => [
  ...[`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`],
  ...['', 'evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port}.evil.example`, `0.0.0.0:${port}`],
  ...[
    `x@127.0.0.1:${port}`,
    `127.0.0.1:${port}, evil.example`,
    `127.1:${port}`,
    `localhost.:${port}`,
    '\u00e9',
    'a'.repeat(5_000),
  ],
];

const asked: readonly string[] = [
  ...['POST', 'GET', 'DELETE', 'PATCH', 'x', '', 'POST, GET', '\u00e9', 'M'.repeat(3_000)],
];

/** `viewer`: the header of a key of that role, which is there. */
interface Site {
  readonly port: number;
  readonly viewer: string;
}

const authorizationOf = (draw: Draws, { viewer }: Site): string =>
  pick(draw, draw() < 0.4 ? [viewer, admin] : strangers)!;

/** Headers that say who asks and from where; most often those of a page or a program that may. */
export function accessHeaders(draw: Draws, site: Site): Record<string, string> {
  const headers: Record<string, string> = { authorization: draw() < 0.85 ? admin : authorizationOf(draw, site) };
  if (draw() < 0.15) headers['origin'] = draw() < 0.5 ? page : pick(draw, origins(site.port))!;
  if (draw() < 0.04) headers['host'] = pick(draw, hosts(site.port))!;
  if (draw() < 0.04) headers['access-control-request-method'] = pick(draw, asked)!;
  return headers;
}

/** Lines of a head for a request on a socket, hostile far more often; some stand twice. */
export function accessLines(draw: Draws, site: Site): string[] {
  const lines = [
    [0.7, () => `authorization: ${authorizationOf(draw, site)}`],
    [0.1, () => `Authorization: ${admin}`],
    [0.7, () => `origin: ${pick(draw, origins(site.port))}`],
    [0.05, () => `Origin: ${page}`],
    [0.5, () => `access-control-request-method: ${pick(draw, asked)}`],
    [
      0.4,
      () => `access-control-request-headers: ${pick(draw, ['authorization', 'a,b,,c', '*', ' ', 'x'.repeat(6_000)])}`,
    ],
    [0.1, () => 'access-control-request-private-network: true'],
    [0.1, () => 'sec-fetch-mode: no-cors'],
    [0.1, () => `x-forwarded-for: 127.0.0.1\r\nx-forwarded-host: 127.0.0.1:${site.port}\r\nforwarded: for=127.0.0.1`],
    [0.1, () => 'cookie: authorization=x'],
  ] as const;
  return lines.flatMap(([share, line]) => (draw() < share ? [line()] : []));
}

export const hostOf = (draw: Draws, { port }: Site): string =>
  draw() < 0.7 ? `127.0.0.1:${port}` : pick(draw, hosts(port))!;

/** What a connection_init may carry. */
export function initPayload(draw: Draws, site: Site): unknown {
  const told = authorizationOf(draw, site);
  const deep = JSON.parse(`${'{"headers":'.repeat(2_000)}1${'}'.repeat(2_000)}`) as unknown;
  return pick<unknown>(draw, [
    ...[
      { authorization: admin },
      { authorization: admin },
      { Authorization: admin },
      { headers: { authorization: admin } },
    ],
    ...[{ authorization: told }, { AUTHORIZATION: told }, { headers: { Authorization: told } }, undefined, null, {}],
    ...[
      { authorization: [admin] },
      { authorization: {} },
      { authorization: 7 },
      { headers: null },
      { headers: [admin] },
    ],
    ...[{ headers: 'x' }, { authorization: null, headers: { authorization: told } }, deep, 'x', 7, [], [told]],
    ...[{ __proto__: null, constructor: { authorization: told } }, { authorization: 'x'.repeat(100_000) }],
  ]);
}
