/** Reads a request's body up to a limit. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { TandemError } from '../errors.ts';
import { refusalOfKey } from './callers.ts';
import { notUtf8, type Refusal, tooLarge } from './guard.ts';

type Body =
  | { readonly body: Buffer<ArrayBuffer>; readonly refusal: undefined }
  | { readonly body: undefined; readonly refusal: Refusal };

/** The body, or why it is refused: its size, its encoding, or a key that ended while it was on its way. */
export async function readText(request: IncomingMessage, limit: number, held: AbortSignal): Promise<Body> {
  const body = await readBody(request, limit);
  if (body === null) return { body: undefined, refusal: tooLarge(limit) };
  if (!isUtf8(body)) return { body: undefined, refusal: notUtf8() };
  if (held.aborted) return { body: undefined, refusal: refusalOfKey(held.reason as TandemError) };
  return { body, refusal: undefined };
}

/** Resolves with the bytes; with null if there are more than the limit, and then the rest is not read. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer<ArrayBuffer> | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
