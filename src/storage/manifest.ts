/**
 * The manifest of an object in storage: what each of its files holds, published as the last file of its folder. A
 * whole file is compared by its sha256; a part of one by the CRC-32 of each block, since what is read by place is
 * never read whole.
 */
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isStoredObject } from './damaged-file.ts';

export const manifestName = 'manifest.json';
/** Bytes of a block; the last one of a file may be shorter. */
export const blockBytes = 65_536;

export interface FileEntry {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** CRC-32 of every block, in order. */
  readonly blocks: Uint32Array;
}

/** By path relative to the folder, with forward slashes; sorted in code-unit order. */
export type Manifest = ReadonlyMap<string, FileEntry>;

/** Bytes of one read: a multiple of a block. */
const readBytes = 16 * blockBytes;

/** What the files of a folder hold; reads all of them. */
export async function describeFiles(folder: string, paths: readonly string[]): Promise<Manifest> {
  const entries = new Map<string, FileEntry>();
  for (const path of [...paths].sort(byCodeUnit)) entries.set(path, await describeFile(join(folder, path)));
  return entries;
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : 1);

/** What a file holds, read once from its beginning to its end. */
export async function describeFile(path: string, signal?: AbortSignal): Promise<FileEntry> {
  const hash = createHash('sha256');
  const blocks: number[] = [];
  let bytes = 0;
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    for (let filled = readBytes; filled === readBytes; bytes += filled) {
      signal?.throwIfAborted();
      filled = 0;
      for (let read = -1; read !== 0 && filled < readBytes; filled += read) {
        ({ bytesRead: read } = await file.read(buffer, filled, readBytes - filled, bytes + filled));
      }
      hash.update(buffer.subarray(0, filled));
      blocks.push(...blocksOf(buffer.subarray(0, filled)));
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex'), blocks: Uint32Array.from(blocks) };
}

function* blocksOf(bytes: Buffer): Generator<number> {
  for (let at = 0; at < bytes.length; at += blockBytes) yield crc32(bytes.subarray(at, at + blockBytes));
}

/** Whether whole blocks of a file, the first of them number `first`, are those of its entry. */
export function haveBlocks(bytes: Buffer, first: number, { blocks }: FileEntry): boolean {
  let block = first;
  for (const sum of blocksOf(bytes)) if (sum !== blocks[block++]) return false;
  return true;
}

/** sha256 (hex) over one line `path NUL sha256 NUL size` per file: the name of an object that has its content's. */
export function digestOf(manifest: Manifest): string {
  const hash = createHash('sha256');
  for (const [path, { sha256, bytes }] of manifest) hash.update(`${path}\0${sha256}\0${bytes}\n`);
  return hash.digest('hex');
}

export const totalBytes = (manifest: Manifest): number =>
  [...manifest.values()].reduce((sum, { bytes }) => sum + bytes, 0);

// ---- as a file ---------------------------------------------------------------------------------------------------

const format = 1;

/** `blocks` are u32, little-endian, as base64; `sha256` is that of the JSON of `manifest`. */
interface ManifestFile {
  readonly manifest: { readonly format: number; readonly files: Readonly<Record<string, FileFields>> };
  readonly sha256: string;
}

interface FileFields {
  readonly bytes: number;
  readonly sha256: string;
  readonly blocks: string;
}

export function encodeManifest(manifest: Manifest): string {
  const files = Object.fromEntries(
    [...manifest].map(([path, { bytes, sha256, blocks }]): [string, FileFields] => {
      const sums = Buffer.alloc(4 * blocks.length);
      for (const [i, sum] of blocks.entries()) sums.writeUInt32LE(sum, 4 * i);
      return [path, { bytes, sha256, blocks: sums.toString('base64') }];
    }),
  );
  const content: ManifestFile['manifest'] = { format, files };
  return `${JSON.stringify({ manifest: content, sha256: sha256Of(content) } satisfies ManifestFile)}\n`;
}

/** Undefined = the text is no manifest, or is not as it was written. */
function decodeManifest(text: string): Manifest | undefined {
  const file = parsed(text);
  if (!isStoredObject(file) || file['sha256'] !== sha256Of(file['manifest'])) return undefined;
  // It is as a version of Tandem wrote it, which is this one if the format is.
  const { manifest } = file as unknown as ManifestFile;
  if (manifest.format !== format) return undefined;
  const entries = Object.entries(manifest.files).map(([path, { bytes, sha256, blocks }]): [string, FileEntry] => {
    const sums = Buffer.from(blocks, 'base64');
    const read = (_: unknown, i: number): number => sums.readUInt32LE(4 * i);
    return [path, { bytes, sha256, blocks: Uint32Array.from({ length: sums.length / 4 }, read) }];
  });
  return new Map(entries.sort(([a], [b]) => byCodeUnit(a, b)));
}

const sha256Of = (content: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(content) ?? '')
    .digest('hex');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The manifest of a folder; undefined = it has none that can be read. */
export const readManifest = (folder: string): Promise<Manifest | undefined> =>
  readFile(join(folder, manifestName), 'utf8').then(decodeManifest, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined;
    throw error;
  });
