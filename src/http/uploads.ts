/**
 * PUT /import/FOLDER/FILE sends a file for an import, DELETE /import/FOLDER takes a folder of such files away. No page
 * of another origin can send either without a preflight, so no header of its own is asked for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { badInput, TandemError, unavailable } from '../errors.ts';
import { statusOf } from '../openai/errors.ts';
import type { Access } from '../services/access/types.ts';
import { foreseen } from '../services/common/foreseen.ts';
import type { Uploads } from '../services/uploads/uploads.ts';
import { admit } from './callers.ts';
import { closing, type Refusal, type RequestFacts, refuse } from './guard.ts';
import { secureHeaders } from './reply.ts';

export const importPath = '/import/';

/** A body that may take as long as it likes while it goes on. */
export const isUpload = ({ method, path }: Pick<RequestFacts, 'method' | 'path'>): boolean =>
  method === 'PUT' && path.startsWith(importPath);

/** A client that sends nothing of a file for so long is given up. */
const silenceMs = 60_000;

export interface UploadOptions {
  readonly uploads: Uploads;
  readonly access: Access;
  /** Ends with the server. */
  readonly life: AbortSignal;
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal;
}

/** Answers a request, or resolves with why not. */
export async function answerUpload(
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
  { uploads, access, life, stopping }: UploadOptions,
): Promise<Refusal | null> {
  const refusal = stopping.aborted ? closing() : refuseForm(facts);
  if (refusal) return refusal;
  const { caller, held, refusal: stranger } = await admit(access, request.headers.authorization);
  if (stranger) return stranger;
  const path = facts.path.slice(importPath.length);
  try {
    if (facts.method === 'DELETE') {
      send(response, 200, { path: await uploads.remove(caller, path) });
      return null;
    }
    const stopped = new AbortController();
    const stop = (): void => stopped.abort(closing().error);
    if (life.aborted) stop();
    life.addEventListener('abort', stop);
    const body = chunksOf(request, AbortSignal.any([stopped.signal, held]));
    const announced = { bytes: lengthOf(facts), sha256: digestOf(facts) };
    const put = uploads.put(caller, path, body, announced);
    const { created, ...file } = await put.finally(() => life.removeEventListener('abort', stop));
    send(response, created ? 201 : 200, file);
    return null;
  } catch (error) {
    const known = foreseen(error);
    if (known === null) throw error;
    return { status: statusOfUpload(known), error: known };
  }
}

const statusOfUpload = ({ code, details }: TandemError): number => {
  if (details.reason === 'storage-full') return 507;
  if (details.reason === 'silence') return 408;
  return code === 'LIMIT_EXCEEDED' ? 413 : statusOf[code];
};

function refuseForm({ method, path, headers }: RequestFacts): Refusal | null {
  if (method !== 'PUT' && method !== 'DELETE') {
    const details = {
      field: 'method',
      expected: 'PUT of a file, or DELETE of a folder',
      remedy: 'Send the bytes of the file by PUT /import/FOLDER/FILE.',
    };
    return {
      ...refuse(405, 'BAD_USER_INPUT', `${method.slice(0, 20)} is not offered on ${path.slice(0, 200)}`, details),
      allow: 'PUT, DELETE',
    };
  }
  const [coding, range] = [String(headers['content-encoding'] ?? 'identity'), headers['content-range']];
  if (coding.trim().toLowerCase() === 'identity' && range === undefined) return null;
  return refuse(415, 'BAD_USER_INPUT', 'The body is not the file as it is', {
    field: range === undefined ? 'content-encoding' : 'content-range',
    expected: 'the whole file, without an encoding',
    remedy: 'Leave the header out and send all bytes of the file.',
  });
}

const lengthOf = ({ headers }: RequestFacts): number | undefined =>
  headers['content-length'] === undefined ? undefined : Number(headers['content-length']);

/** The digest of RFC 9530, in hex; undefined = none was sent. Throws BAD_USER_INPUT for one that cannot be checked. */
function digestOf({ headers }: RequestFacts): string | undefined {
  const given = headers['content-digest'];
  if (given === undefined) return undefined;
  const [, base64 = ''] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(String(given)) ?? [];
  if (base64 !== '') return Buffer.from(base64, 'base64').toString('hex');
  throw badInput('The header content-digest has no SHA-256', {
    field: 'content-digest',
    expected: 'sha-256=:BASE64: of the 32 bytes of the digest',
    remedy: 'Send it as RFC 9530 says, or leave it out.',
  });
}

/**
 * The body as it comes, no faster than it is taken. The request stays open where its reader leaves, so that it can be
 * answered.
 */
export async function* chunksOf(
  request: IncomingMessage,
  signal: AbortSignal,
  withinMs = silenceMs,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = request.iterator({ destroyOnReturn: false });
  let waits = false;
  try {
    for (;;) {
      waits = true;
      const { value, done } = await next(chunks, signal, withinMs);
      waits = false;
      if (done) return;
      yield value as Buffer;
    }
  } finally {
    // What is still waited for never comes.
    if (!waits) await chunks.return?.();
  }
}

function next(chunks: AsyncIterator<unknown>, signal: AbortSignal, withinMs: number): Promise<IteratorResult<unknown>> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) return leave();
    const timer = setTimeout(() => reject(silent(withinMs)), withinMs);
    signal.addEventListener('abort', leave);
    chunks
      .next()
      .then(resolve, () => reject(cutOff()))
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
      });
  });
}

const silent = (withinMs: number): TandemError =>
  new TandemError('LIMIT_EXCEEDED', `Nothing of the file came for ${withinMs / 1_000} s`, {
    reason: 'silence',
    field: 'body',
    expected: 'a client that goes on sending',
    remedy: 'Send the file again; nothing of it was kept.',
  });

const cutOff = (): TandemError =>
  unavailable('The upload ended before the whole file had come', {
    field: 'body',
    expected: 'as many bytes as were announced',
    remedy: 'Send the file again; nothing of it was kept.',
  });

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...secureHeaders });
  response.end(JSON.stringify(body));
}
