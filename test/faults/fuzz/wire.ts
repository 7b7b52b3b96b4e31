/** Bytes on a socket that no client library would send, and what comes back. */
import { connect } from 'node:net';
import { between, type Draws, pick } from '../draws.ts';
import { accessLines, admin, hostOf } from './access.ts';
import type { Operation } from './documents.ts';

/** Sent one after the other, with a pause between them. */
export interface WireRequest {
  readonly what: string;
  readonly parts: readonly Buffer[];
  /** The client goes away so long after the last part, in milliseconds; undefined = it reads to the end. */
  readonly cutAfterMs: number | undefined;
}

/** With the key of an admin, without which nothing behind the door is reached. */
const csrf = `x-graphql-yoga-csrf: 1\r\nauthorization: ${admin}`;
const json = 'content-type: application/json';

interface Head {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly host?: string | undefined;
  readonly headers?: readonly string[];
}

function head({
  method = 'POST',
  path = '/graphql',
  version = 'HTTP/1.1',
  host,
  headers = [csrf, json],
}: Head): string {
  const lines = [`${method} ${path} ${version}`, ...(host === undefined ? [] : [`host: ${host}`]), ...headers];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const length = (body: Buffer | string): string => `content-length: ${Buffer.byteLength(body)}`;
const systemBody = '{"query":"{ system { version } }"}';

/** `viewer`: the header of a key of that role. */
interface Site {
  readonly port: number;
  readonly viewer: string;
}

type Form = (draw: Draws, host: string, operation: Operation, site: Site) => { parts: (string | Buffer)[] };

const posted = (host: string, body: string | Buffer, more: readonly string[] = []): (string | Buffer)[] => [
  head({ host, headers: [csrf, json, 'connection: close', ...more, length(body)] }),
  body,
];

const bodies: readonly string[] = [
  ...[
    '',
    '{',
    '}',
    'null',
    '1',
    '"x"',
    '[]',
    '[{}]',
    '{}',
    '{"query":1}',
    '{"query":null}',
    '{"query":["{ system }"]}',
  ],
  ...['{"query":""}', '{"query":"{ __typename }","variables":1}', '{"query":"{ __typename }","variables":[]}'],
  ...['{"query":"{ __typename }","operationName":{}}', '{"query":"{ __typename }","operationName":"x"}'],
  ...['{"query":"{ __typename }","extensions":[]}', '{"query":"{ __typename }","extensions":"x"}', '{"id":"x"}'],
  ...['{"query":"{ __typename }","variables":{"__proto__":{"a":1}}}', '{"__proto__":{"query":"{ __typename }"}}'],
  ...[
    '{"query":"{ __typename }"',
    '{"query":"{ __typename }"}x',
    "{'query':'{ __typename }'}",
    '\ufeff{"query":"{a}"}',
  ],
  ...['{"query":"{ __typename }","query":"{ a }"}', '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"a"}}}'],
  ...['{"query":"{ __typename }","variables":{"a":"\\ud83d"}}', '{"query":"\\ud83d"}', '{"query":"\\u0000"}'],
  ...['{"documentId":"x"}', '{"doc_id":"x"}', '{"query":"{ __typename }","operationName":null,"variables":null}'],
];

/** Bodies for POST /v1/embeddings. */
const embeddings = [
  ...['{"model":"x","input":"a"}', '{"model":"x:query","input":["a",""]}', '{"model":7,"input":{}}', '{', '[]', ''],
  ...['{"model":"x","input":[1,2]}', '{"model":"\\ud83d","input":"a","encoding_format":"base64","dimensions":1e9}'],
];

const forms: Readonly<Record<string, Form>> = {
  body: (draw, host) => ({ parts: posted(host, pick(draw, bodies)!) }),
  'deep body': (draw, host) => {
    const levels = between(draw, 10, 200_000);
    return { parts: posted(host, `{"query":"{ __typename }","variables":${'['.repeat(levels)}${']'.repeat(levels)}}`) };
  },
  'deep variable': (draw, host) => {
    const levels = between(draw, 10, 100_000);
    const value = pick(draw, [
      `${'['.repeat(levels)}1${']'.repeat(levels)}`,
      `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`,
    ]);
    const query = pick(draw, [
      'query ($v: DatasetFilter) { datasets(filter: $v) { totalCount } }',
      'query ($v: [String!]!) { embed(checkpoint: {alias: "a"}, texts: $v) { dimensions } }',
      'mutation ($v: JSON) { addDocuments(input: {collection: "x", documents: [{key: "a", text: "b", metadata: $v}]}) { added } }',
    ]);
    return { parts: posted(host, `{"query":"${query}","variables":{"v":${value}}}`) };
  },
  'bytes as a body': (draw, host) => ({
    parts: posted(host, Buffer.from(Array.from({ length: between(draw, 1, 400) }, () => between(draw, 0, 255)))),
  }),
  'broken body': (draw, host, operation) => {
    const body = Buffer.from(JSON.stringify(operation));
    for (let i = between(draw, 1, 5); i > 0; i--) body[between(draw, 0, body.length - 1)] = between(draw, 0, 255);
    return { parts: posted(host, body) };
  },
  method: (draw, host) => {
    const method = pick(draw, ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY', 'x'])!;
    const path = pick(draw, ['/graphql', '/', '/health', '/ready', '/graphql?query={__typename}'])!;
    return { parts: [head({ method, path, host, headers: [csrf, 'connection: close'] })] };
  },
  path: (draw, host) => {
    const paths = [
      '/',
      '//',
      '/graphql/',
      '/GRAPHQL',
      '/%',
      '/%00',
      '/../etc/passwd',
      '*',
      'http://x/graphql',
      '/a b',
      '',
    ];
    const path = pick(draw, [
      ...paths,
      `/${'a'.repeat(5_000)}`,
      `/graphql?${'a=b&'.repeat(1_000)}`,
      '/graphql#x',
      '/é',
    ])!;
    return { parts: [head({ method: pick(draw, ['GET', 'POST'])!, path, host, headers: ['connection: close'] })] };
  },
  host: (draw, host) => {
    const hosts = [
      undefined,
      '',
      'evil.example',
      `evil.example:${host.split(':')[1]}`,
      '127.0.0.1',
      '[::1]',
      'a,b',
      '\u00e9',
    ];
    return {
      parts: [head({ host: pick(draw, hosts), headers: [csrf, json, 'connection: close', length('{}')] }), '{}'],
    };
  },
  headers: (draw, host) => {
    const lines = [
      ...[
        'content-type: text/plain',
        'content-type: application/x-www-form-urlencoded',
        'content-type:',
        'content-type: a/b',
      ],
      ...[
        'content-type: multipart/form-data; boundary=x',
        'content-type: application/json; charset=utf-16',
        'accept: a',
      ],
      ...['accept: text/event-stream', 'accept:', 'accept: */*;q=0', 'accept: multipart/mixed', 'expect: 100-continue'],
      ...[
        'content-encoding: gzip',
        'transfer-encoding: gzip',
        'upgrade: websocket\r\nconnection: upgrade',
        'cookie: a=b',
      ],
      ...[
        'origin: http://evil.example',
        'range: bytes=0-1',
        'te: trailers',
        'expect: the unexpected',
        'accept: \x80\xff',
      ],
      ...[`x: ${'a'.repeat(20_000)}`, 'a'.repeat(100), ': x', 'x y: z', 'content-length: 3', 'x: a\0b', 'x: a\nb: c'],
    ];
    const drawn = Array.from({ length: between(draw, 1, 3) }, () => pick(draw, lines)!);
    const own = [csrf, json, length(systemBody)].filter(() => draw() < 0.8);
    return { parts: [head({ host, headers: ['connection: close', ...own, ...drawn] }), systemBody] };
  },
  length: (draw, host) => {
    const lengths = ['-1', '1e3', '0x10', '99999999999999999999', '', 'x', '67108865', '1, 2', '+5', '5', '0'];
    return { parts: [head({ host, headers: [csrf, json, `content-length: ${pick(draw, lengths)}`] }), systemBody] };
  },
  chunks: (draw, host) => {
    const sizes = [
      '0\r\n\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
      'x\r\n',
      'ffffffffffffffff\r\n',
      '-1\r\n',
      '1;a=b\r\n{\r\n',
      '1\r\n{',
    ];
    const more = draw() < 0.3 ? [length(systemBody)] : [];
    return {
      parts: [head({ host, headers: [csrf, json, 'transfer-encoding: chunked', ...more] }), pick(draw, sizes)!],
    };
  },
  'slow body': (draw, host) => ({
    parts: [...posted(host, systemBody).slice(0, 1), ...systemBody.slice(0, between(draw, 1, 12)).split('')],
  }),
  pipelined: (draw, host) => {
    const one = Buffer.concat(
      [head({ host, headers: [csrf, json, length(systemBody)] }), systemBody].map((part) => Buffer.from(part)),
    );
    return { parts: [Buffer.concat(Array.from({ length: between(draw, 2, 120) }, () => one))] };
  },
  'no HTTP': (draw) => ({
    parts: [
      pick(draw, ['\r\n\r\n', 'x', '\0\0\0\0', 'GET /\r\n\r\n', '\x16\x03\x01\x02\0\x01', 'PRI * HTTP/2.0\r\n\r\n'])!,
    ],
  }),
  version: (draw, host) => ({
    parts: [
      head({ host, version: pick(draw, ['HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', 'X', ''])!, method: 'GET' }),
    ],
  }),
  door: (draw, _host, _operation, site) => {
    const method = pick(draw, ['POST', 'POST', 'GET', 'PUT', 'DELETE', 'OPTIONS', 'OPTIONS'])!;
    const paths = ['/graphql', '/graphql/stream', '/graphql/stream?token=x&operationId=1', '/metrics', '/', '/health'];
    const path = pick(draw, [...paths, '/v1/embeddings', '/v1/models', '/v1/models/x', '/v1/'])!;
    const body = method === 'POST' ? (path.startsWith('/v1') ? pick(draw, embeddings)! : systemBody) : '';
    const type = pick(draw, [json, json, json, 'content-type: text/plain', 'content-type: multipart/form-data'])!;
    const csrfOnly = draw() < 0.6 ? ['x-graphql-yoga-csrf: 1'] : [];
    const headers = ['connection: close', type, length(body), ...csrfOnly, ...accessLines(draw, site)];
    return { parts: [head({ method, path, host: hostOf(draw, site), headers }), body] };
  },
  upload: (draw, host) => {
    const parts = [
      'a',
      'b',
      'a.json',
      '..',
      '.',
      '',
      '%2e%2e',
      '%2F',
      '%00',
      '%',
      '%C3%A9',
      'e%CC%81',
      'x'.repeat(200),
    ];
    const names = Array.from({ length: between(draw, 1, 4) }, () => pick(draw, draw() < 0.6 ? ['a', 'b'] : parts)!);
    const method = pick(draw, ['PUT', 'PUT', 'PUT', 'DELETE', 'POST'])!;
    const body = 'y'.repeat(between(draw, 0, 3));
    const digest = pick(draw, ['content-digest: sha-256=:AA==:', 'content-encoding: gzip', 'content-type: a/b'])!;
    const own = [csrf, 'connection: close', ...(draw() < 0.3 ? [digest] : [])];
    const told = pick(draw, [
      length(body),
      length(body),
      length(body),
      'content-length: 9000000000000',
      'content-length: 9',
    ])!;
    return { parts: [head({ method, path: `/import/${names.join('/')}`, host, headers: [...own, told] }), body] };
  },
  'two lengths': (_draw, host) => ({
    parts: [head({ host, headers: [csrf, json, 'content-length: 2', 'content-length: 3'] }), '{}x'],
  }),
};

export const wireForms = Object.keys(forms);

/** A request of a form. */
export function wireRequest(what: string, draw: Draws, site: Site, operation: Operation): WireRequest {
  const { parts } = forms[what]!(draw, `127.0.0.1:${site.port}`, operation, site);
  const cutAfterMs = draw() < 0.3 ? between(draw, 0, 40) : undefined;
  return { what, parts: parts.map((part) => Buffer.from(part)), cutAfterMs };
}

/** How long a server may keep a connection open on which nothing comes. */
const patienceMs = 400;

/** Sends the parts; resolves with what came back until the connection ended, or nothing came for a while. */
export async function sendWire(port: number, { parts, cutAfterMs }: WireRequest): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const received: Buffer[] = [];
  return new Promise((resolve) => {
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on('data', (part) => received.push(part));
    // A connection that is reset is a way to refuse.
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(received).toString('latin1')));
    socket.on('connect', () => {
      for (const part of parts) socket.write(part);
      if (cutAfterMs !== undefined) setTimeout(() => socket.destroy(), cutAfterMs);
    });
  });
}
