/**
 * Files by their checksum: <folder>/blobs/<etag>, and <folder>/partial/<etag> while they are on their way. A download that
 * broke goes on where it stopped, in this process or the next. One process owns the folder (it lies in the data folder).
 */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exclusively } from '../storage/exclusive.ts';
import { syncFile, syncFolder } from '../storage/files.ts';
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
  /** Told how many of the file's bytes are there. */
  readonly onBytes: (bytes: number) => void;
}

/** Tries one after the other that bring no byte, before giving up. */
const fruitlessTries = 4;

export const blobPath = (folder: string, etag: string): string => join(folder, 'blobs', etag);

/** Makes sure that the blob is there, whole and right; answers its path. Who asks for the same at once waits and finds it. */
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
    for (const target of [path, partial]) await mkdir(dirname(target), { recursive: true });
    await fillRightly(partial, request);
    await syncFile(partial);
    await rename(partial, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw writeFailure(error);
  }
  return path;
}

/** What an earlier process left may be at fault: then once more from the start. */
async function fillRightly(partial: string, request: BlobRequest): Promise<void> {
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

/** Downloads until as many bytes are there as there shall be; true if some were there before. */
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
  /** Bytes that are there now. */
  readonly bytes: number;
  /** Why no more came. */
  readonly failure: Error;
}

/** Asks for the bytes from `from` on; a server that knows no ranges sends all, and they are taken from the start. */
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
