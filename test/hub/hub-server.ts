/**
 * A small Hugging Face hub on the loopback interface: revisions, a paged tree, small files at its own address, large
 * ones by a redirect to a second one (as the hub's storage). It can be told to misbehave, and keeps what it was asked.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Asked {
  readonly host: 'hub' | 'storage';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

interface Misbehaviour {
  /** Every answer of the API has this status. */
  status?: number;
  /** x-error-code of it. */
  errorCode?: string;
  /** Answers with this status so many times, then rightly. */
  passing?: { status: number; times: number };
  /** The connection breaks after so many bytes of a large file. */
  breakAfter?: number;
  ignoreRange?: boolean;
  /** So many answers of the storage are 403, as those of signed addresses that have ended. */
  ended?: number;
  /** Changes a byte of what is sent. */
  corrupt?: boolean;
  /** Sends large files this slowly: 64 KiB, then a pause of so many ms. */
  pauseMs?: number;
}

export interface HubServer {
  readonly endpoint: string;
  readonly asked: Asked[];
  misbehave: Misbehaviour;
  files: ReadonlyMap<string, Buffer>;
  commit: string;
  close(): Promise<void>;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
export const gitId = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** Larger files are stored as the hub's large files are. */
const largeFrom = 50_000;

export async function startHub(repository: string, files: ReadonlyMap<string, Buffer>): Promise<HubServer> {
  const asked: Asked[] = [];
  const hub: HubServer = { endpoint: '', asked, misbehave: {}, files, commit: '1'.repeat(40), close };
  const servers: Server[] = [];

  async function listen(
    host: Asked['host'],
    answer: (path: string, url: URL, response: ServerResponse, request: IncomingMessage) => void,
  ) {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const { range, authorization } = request.headers;
      asked.push({ host, path: url.pathname, range, authorization });
      const { passing } = hub.misbehave;
      if (passing && passing.times-- > 0) return void response.writeHead(passing.status).end();
      answer(url.pathname, url, response, request);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const storage = await listen('storage', (path, _url, response, request) => {
    const bytes = [...hub.files.values()].find((content) => `/${sha256(content)}` === path);
    if ((hub.misbehave.ended ?? 0) > 0) {
      hub.misbehave.ended = (hub.misbehave.ended ?? 0) - 1;
      return void response.writeHead(403).end();
    }
    if (bytes) return send(response, request, bytes, hub.misbehave);
    response.writeHead(404).end();
  });

  const endpoint = await listen('hub', (path, url, response, request) => {
    const { status, errorCode } = hub.misbehave;
    if (status) return void response.writeHead(status, errorCode ? { 'x-error-code': errorCode } : {}).end('{}');
    const json = (value: unknown, headers = {}): void =>
      void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    const revision = path.match(/^\/api\/models\/(.+)\/revision\/(.+)$/);
    if (revision?.[1] === repository) {
      const known = ['main', 'v1', 'refs/pr/1', hub.commit].includes(decodeURIComponent(revision[2]));
      if (!known) return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
      return json({ _id: 'x', id: repository, sha: hub.commit, private: false, gated: false, lastModified: 0 });
    }
    if (path === `/api/models/${repository}/tree/${hub.commit}`) {
      // Two pages, folders in between.
      const entries = [...hub.files].map(entryOf);
      const half = Math.ceil(entries.length / 2);
      if (url.searchParams.has('cursor')) return json(entries.slice(half));
      const next = `<${hub.endpoint}${path}?cursor=1>; rel="next"`;
      return json([{ type: 'directory', path: 'onnx', oid: '0'.repeat(40), size: 0 }, ...entries.slice(0, half)], {
        link: next,
      });
    }
    const prefix = `/${repository}/resolve/${hub.commit}/`;
    const bytes = path.startsWith(prefix) ? hub.files.get(path.slice(prefix.length)) : undefined;
    if (!bytes) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    if (bytes.length < largeFrom) return send(response, request, bytes, hub.misbehave);
    response.writeHead(302, { location: `${storage}/${sha256(bytes)}`, 'x-linked-etag': `"${sha256(bytes)}"` }).end();
  });

  async function close(): Promise<void> {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
  return Object.assign(hub, { endpoint });
}

function entryOf([path, bytes]: [string, Buffer]) {
  const entry = { type: 'file', path, size: bytes.length, oid: gitId(bytes) };
  if (bytes.length < largeFrom) return entry;
  return { ...entry, lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } };
}

async function send(response: ServerResponse, request: IncomingMessage, bytes: Buffer, misbehave: Misbehaviour) {
  const { breakAfter, ignoreRange, corrupt, pauseMs = 0 } = misbehave;
  const [, text] = request.headers.range?.match(/^bytes=(\d+)-$/) ?? [];
  const from = text === undefined || ignoreRange ? 0 : Number(text);
  const isRange = text !== undefined && !ignoreRange;
  const body = Buffer.from(bytes.subarray(from));
  if (corrupt) body[body.length >> 1] ^= 1;
  response.writeHead(isRange ? 206 : 200, {
    'content-length': body.length,
    ...(isRange && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  });
  const breaks = breakAfter !== undefined && bytes.length >= largeFrom && body.length > breakAfter;
  const piece = 65_536;
  const end = breaks ? breakAfter : body.length;
  for (let at = 0; at < end && !response.destroyed; at += piece) {
    response.write(body.subarray(at, Math.min(at + piece, end)));
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  // Left for the client to read before the connection goes.
  if (breaks) setTimeout(() => response.destroy(), 30);
  else response.end();
}
