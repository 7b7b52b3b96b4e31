/**
 * A data set version as token ids, for training and evaluation. One binary file: a JSON header that names the sections,
 * then typed arrays, all in one buffer. It can be rebuilt; tokenize-dataset.ts makes it.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { type Split, splits, type Task } from '../data/types.ts';
import { isObject } from '../model/json-fields.ts';
import { damagedFile } from '../storage/damaged-file.ts';
import { ownFileError, parseStored } from '../storage/own-files.ts';
import type { Lists, TokenFile, TokenizedSplit } from './types.ts';

type Section = Uint32Array | Float32Array | Int32Array;
interface SectionHeader {
  readonly name: string;
  readonly type: 'u32' | 'f32' | 'i32';
  readonly length: number;
}
interface Header {
  readonly version: number;
  readonly task: Task;
  readonly truncated: number;
  readonly sections: readonly SectionHeader[];
}

/** Version of the layout; part of a token file's key. */
export const tokenFileVersion = 1;
/** "TTOK" and the length of the JSON header (u32, little-endian), which is padded with spaces to a multiple of 4. */
const magic = 0x4b4f5454;
const prefixBytes = 8;

const listNames = ['positives', 'negatives', 'judgements'] as const;

export async function writeTokenFile(path: string, file: TokenFile): Promise<void> {
  const sections = sectionsOf(file);
  const header: Header = {
    version: tokenFileVersion,
    task: file.task,
    truncated: file.truncated,
    sections: sections.map(([name, values]) => ({ name, type: typeOf(values), length: values.length })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 4) * 4, ' ');
  json.copy(padded);
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32LE(magic, 0);
  prefix.writeUInt32LE(padded.length, 4);
  const target = await open(path, 'wx');
  try {
    for (const part of [prefix, padded, ...sections.map(([, values]) => values)]) {
      if (part.byteLength > 0) await target.writeFile(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
  } finally {
    await target.close();
  }
}

/** Reads a whole token file; the arrays are views of one buffer. */
export async function readTokenFile(path: string): Promise<TokenFile> {
  const file = await openFile(path);
  try {
    const { header, begin } = await readHeader(file, path);
    const data = new ArrayBuffer(wordsOf(header) * 4);
    await readInto(file, new Uint8Array(data), begin, path);
    const found = assemble(header, data);
    const wrong = wrongPart(found);
    if (wrong !== undefined) refuseDamaged(path, `its ${wrong} name what is not there`);
    return found;
  } finally {
    await file.close();
  }
}

/** Counts of a token file without reading its data. */
export async function readTokenCounts(path: string): Promise<{ texts: number; tokens: number; truncated: number }> {
  const file = await openFile(path);
  try {
    const { header } = await readHeader(file, path);
    const length = (name: string) => header.sections.find((section) => section.name === name)?.length ?? 0;
    return { texts: length('texts.poolStart'), tokens: length('texts.ids'), truncated: header.truncated };
  } finally {
    await file.close();
  }
}

const openFile = (path: string): Promise<FileHandle> =>
  open(path).catch((error: unknown) => {
    throw ownFileError('tokens', path, error);
  });

function sectionsOf({ texts, splits: bySplit }: TokenFile): [string, Section][] {
  const sections: [string, Section][] = [
    ['texts.ids', texts.ids],
    ['texts.cumulative', texts.cumulative],
    ['texts.poolStart', texts.poolStart],
  ];
  for (const split of splits) {
    const { query, documents, identical } = bySplit[split];
    sections.push([`${split}.query`, query], [`${split}.documents`, documents], [`${split}.identical`, identical]);
    for (const name of listNames) {
      const { starts, values, scores } = bySplit[split][name];
      const key = `${split}.${name}`;
      sections.push([`${key}.starts`, starts], [`${key}.values`, values], [`${key}.scores`, scores]);
    }
  }
  return sections;
}

function assemble(header: Header, data: ArrayBuffer): TokenFile {
  const places = new Map<string, number>();
  let at = 0;
  for (const { name, length } of header.sections) {
    places.set(name, at);
    at += length * 4;
  }
  const length = (name: string) => header.sections.find((section) => section.name === name)!.length;
  const u32 = (name: string) => new Uint32Array(data, places.get(name)!, length(name));
  const lists = (name: string): Lists => ({
    starts: u32(`${name}.starts`),
    values: u32(`${name}.values`),
    scores: new Float32Array(data, places.get(`${name}.scores`)!, length(`${name}.scores`)),
  });
  const readSplit = (split: Split): TokenizedSplit => ({
    query: u32(`${split}.query`),
    positives: lists(`${split}.positives`),
    negatives: lists(`${split}.negatives`),
    documents: u32(`${split}.documents`),
    judgements: lists(`${split}.judgements`),
    identical: new Int32Array(data, places.get(`${split}.identical`)!, length(`${split}.identical`)),
  });
  return {
    task: header.task,
    truncated: header.truncated,
    texts: { ids: u32('texts.ids'), cumulative: u32('texts.cumulative'), poolStart: u32('texts.poolStart') },
    splits: { train: readSplit('train'), dev: readSplit('dev'), test: readSplit('test') },
  };
}

async function readHeader(file: FileHandle, path: string): Promise<{ header: Header; begin: number }> {
  const prefix = Buffer.alloc(prefixBytes);
  await readInto(file, prefix, 0, path);
  if (prefix.readUInt32LE(0) !== magic) refuseDamaged(path, 'it is no token file');
  const { size } = await file.stat();
  const begin = prefixBytes + prefix.readUInt32LE(4);
  if (begin > size) refuseDamaged(path, 'it ends within its header');
  const json = Buffer.alloc(begin - prefixBytes);
  await readInto(file, json, prefixBytes, path);
  const header = parseStored('tokens', path, json.toString('utf8'));
  if (!isHeader(header)) return refuseDamaged(path, 'its header is none of a token file of this version');
  if (size !== begin + wordsOf(header) * 4)
    refuseDamaged(path, `it has ${size} bytes, which is not what its header says`);
  return { header, begin };
}

const wordsOf = ({ sections }: Header): number => sections.reduce((sum, { length }) => sum + length, 0);

const sectionNames: ReadonlySet<string> = new Set([
  ...['ids', 'cumulative', 'poolStart'].map((part) => `texts.${part}`),
  ...splits.flatMap((split) => [
    ...['query', 'documents', 'identical'].map((part) => `${split}.${part}`),
    ...listNames.flatMap((name) => ['starts', 'values', 'scores'].map((part) => `${split}.${name}.${part}`)),
  ]),
]);

function isHeader(value: unknown): value is Header {
  if (!isObject(value) || value['version'] !== tokenFileVersion || typeof value['truncated'] !== 'number') return false;
  const { task, sections } = value;
  if ((task !== 'ir' && task !== 'sts') || !Array.isArray(sections) || sections.length !== sectionNames.size)
    return false;
  const names = new Set(sections.map((section: unknown) => (isObject(section) ? section['name'] : undefined)));
  const sized = sections.every(({ length }: SectionHeader) => Number.isSafeInteger(length) && length >= 0);
  return names.size === sectionNames.size && [...sectionNames].every((name) => names.has(name)) && sized;
}

/** The first part whose numbers lead outside of what they count; undefined = there is none. */
function wrongPart({ texts, splits: bySplit }: TokenFile): string | undefined {
  const { ids, cumulative, poolStart } = texts;
  const count = poolStart.length;
  if (cumulative.length !== count + 1 || !isRising(cumulative, ids.length)) return 'texts';
  if (!poolStart.every((start, text) => start <= cumulative[text + 1]! - cumulative[text]!)) return 'texts';
  const areBelow = (values: Uint32Array, limit: number): boolean => values.every((value) => value < limit);
  const areLists = ({ starts, values, scores }: Lists, records: number, limit: number): boolean =>
    starts.length === records + 1 &&
    scores.length === values.length &&
    isRising(starts, values.length) &&
    areBelow(values, limit);
  return splits.find((split) => {
    const { query, positives, negatives, documents, judgements, identical } = bySplit[split];
    return !(
      areBelow(query, count) &&
      areBelow(documents, count) &&
      areLists(positives, query.length, count) &&
      areLists(negatives, query.length, count) &&
      areLists(judgements, query.length, documents.length) &&
      identical.length === query.length &&
      identical.every((document) => document >= -1 && document < documents.length)
    );
  });
}

/** From 0 to `end`, never falling. */
const isRising = (starts: Uint32Array, end: number): boolean =>
  starts[0] === 0 && starts.at(-1) === end && starts.every((start, i) => i === 0 || start >= starts[i - 1]!);

/** Bytes of one read: a read of 2 GiB or more, the system call's limit, would fail. */
const readChunk = 1 << 28;

async function readInto(file: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(
      target,
      filled,
      Math.min(readChunk, target.length - filled),
      position + filled,
    );
    if (bytesRead === 0) refuseDamaged(path, 'it ends too early');
    filled += bytesRead;
  }
}

function refuseDamaged(path: string, reason: string): never {
  throw damagedFile('tokens', path, reason);
}

const typeOf = (values: Section): SectionHeader['type'] =>
  values instanceof Uint32Array ? 'u32' : values instanceof Float32Array ? 'f32' : 'i32';
