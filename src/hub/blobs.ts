/**
 * Files by their checksum: <folder>/blobs/<etag>, and <folder>/partial/<etag> while they are downloaded. An
 * interrupted download continues where it stopped, in this process or the next. One process owns the folder (it lies
 * in the data folder).
 */

import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exclusively } from '../storage/exclusive.ts';
import { syncFile, syncFolder } from '../storage/files.ts';
import { privateMode } from '../storage/private-folders.ts';
import { holds } from './checksum.ts';
import { damaged, unreachable, writeFailure } from './failures.ts';
import type { Requester } from './request.ts';
import type { HubFile } from './types.ts';

export interface BlobRequest {
  readonly file: HubFile;
  readonly url: string;
  readonly requester: Requester;
  readonly signal?: AbortSignal | undefined;
  readonly retryMs: number;
  /** Called with the number of bytes of the file that are there. */
  readonly onBytes: (bytes: number) => void;
}

/** Attempts in a row without a new byte before the download fails. */
const fruitlessTries = 4;

export const blobPath = (folder: string, etag: string): string => join(folder, 'blobs', etag);

/**
 * Resolves with the path of the blob once it is there and matches its checksum. A second call for the same blob waits
 * for the first and downloads nothing.
 */
export function fetchBlob(folder: string, request: BlobRequest): Promise<string> {
  const path = blobPath(folder, request.file.etag);
  return exclusively(`hub ${path}`, () => fetchTo(path, folder, request), request.signal);
}

async function fetchTo(path: string, folder: string, request: BlobRequest): Promise<string> {
  const { file, onBytes } = request;
  if (await holds(path, file)) {
    onBytes(file.size);
    return path;
  }
  const partial = join(folder, 'partial', file.etag);
  try {
    for (const target of [path, partial]) await mkdir(dirname(target), { recursive: true, mode: privateMode });
    await fillVerified(partial, request);
    await syncFile(partial);
    await rename(partial, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw writeFailure(error);
  }
  return path;
}

/** Downloads and verifies. If a resumed file is wrong, its older part may be: it starts once more from nothing. */
async function fillVerified(partial: string, request: BlobRequest): Promise<void> {
  const resumed = await fill(partial, request);
  if (await holds(partial, request.file)) return;
  await rm(partial, { force: true });
  if (resumed) {
    await fill(partial, request);
    if (await holds(partial, request.file)) return;
    await rm(partial, { force: true });
  }
  throw damaged(request.file.path, request.requester.place);
}

/** Downloads until the file has its full size. Resolves with true if some bytes were there before. */
async function fill(partial: string, request: BlobRequest): Promise<boolean> {
  const { file, retryMs, signal, onBytes } = request;
  await (await open(partial, 'a')).close();
  const first = (await stat(partial)).size;
  if (first > file.size) await rm(partial);
  let have = first > file.size ? 0 : first;
  onBytes(have);
  for (let fruitless = 0; have < file.size; ) {
    const { bytes, failure } = await append(partial, have, request);
    fruitless = bytes > have ? 0 : fruitless + 1;
    if (fruitless >= fruitlessTries) throw failure;
    if (bytes < file.size) await pause(retryMs * 2 ** fruitless, undefined, signal && { signal });
    have = bytes;
  }
  return first > 0;
}

interface Appended {
  /** Size of the partial file now. */
  readonly bytes: number;
  /** Why the response ended. */
  readonly failure: Error;
}

/**
 * Requests the bytes from `from` on. A server without range requests sends all, and the file is written from the
 * start.
 */
async function append(partial: string, from: number, { file, url, requester, signal, onBytes }: BlobRequest) {
  const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await requester.fetch(url, { headers: { 'accept-encoding': 'identity', ...range } });
  const goesOn = from > 0 && response.status === 206;
  const handle = await open(partial, goesOn ? 'a' : 'w');
  const reader = response.body?.getReader();
  let bytes = goesOn ? from : 0;
  const ended = (reason: unknown): Appended => ({ bytes, failure: unreachable(reason, requester.place) });
  try {
    for (;;) {
      const step = await reader?.read().catch((error: Error) => error);
      signal?.throwIfAborted();
      if (step instanceof Error) return ended(step);
      if (step === undefined || step.done) return ended(new Error('the connection ended early'));
      bytes += step.value.length;
      if (bytes > file.size) throw damaged(file.path, requester.place);
      await handle.writeFile(step.value);
      onBytes(bytes);
    }
  } finally {
    await handle.close();
    await reader?.cancel().catch(() => {});
  }
}
