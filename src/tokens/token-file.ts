/**
 * A data set version as token ids, for training and evaluation. A folder in storage of kind `tokens` with one binary
 * file: a JSON header that names the sections, then typed arrays, all in one buffer. It can be rebuilt;
 * tokenize-dataset.ts makes it.
 */

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Split, splits, type Task } from '../data/types.ts';
import { isObject } from '../model/json-fields.ts';
import { damagedFile, parseStored } from '../storage/damaged-file.ts';
import { readOwn } from '../storage/own-files.ts';
import type { ReadableFile } from '../storage/readable-file.ts';
import { publishStaged, type Storage } from '../storage/storage.ts';
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

/** Version of the layout; part of a token file's key. Files with sections that may be absent are of the later one. */
export const tokenFileVersion = 1;
const versionWithTeacher = 2;
/** "TTOK" and the length of the JSON header (u32, little-endian), which is padded with spaces to a multiple of 4. */
const magic = 0x4b4f5454;
const prefixBytes = 8;

const fileName = 'tokens.bin';

const listNames = ['positives', 'negatives', 'judgements'] as const;
/** Of the sections with a teacher's scores, which only lists that have them have. */
const teacherSuffix = '.teacher';

/** Publishes it under its key; one that is there and whole stays. */
export async function publishTokenFile(storage: Storage, key: string, file: TokenFile): Promise<void> {
  await publishStaged(storage, 'tokens', (folder) => write(join(folder, fileName), file), { name: key });
}

async function write(path: string, file: TokenFile): Promise<void> {
  const sections = sectionsOf(file);
  const header: Header = {
    version: sections.some(([name]) => name.endsWith(teacherSuffix)) ? versionWithTeacher : tokenFileVersion,
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
export const readTokenFile = (storage: Storage, key: string): Promise<TokenFile> =>
  withFile(storage, key, async (file, path) => {
    const { header, begin } = await readHeader(file, path);
    const found = assemble(header, await readPart(file, path, begin, file.size - begin));
    const wrong = wrongPart(found);
    if (wrong !== undefined) refuseDamaged(path, `its ${wrong} name what is not there`);
    return found;
  });

/** Bytes of one read while a file is only compared with its manifest. */
const comparedAtOnce = 1 << 24;

export interface TokenCounts {
  readonly texts: number;
  readonly tokens: number;
  readonly truncated: number;
}

/** Counts of a token file, all of which is compared with what was written. */
export const readTokenCounts = (storage: Storage, key: string): Promise<TokenCounts> =>
  withFile(storage, key, async (file, path) => {
    const { header } = await readHeader(file, path);
    for (let at = 0; at < file.size; at += comparedAtOnce) {
      await readPart(file, path, at, Math.min(comparedAtOnce, file.size - at));
    }
    const length = (name: string) => header.sections.find((section) => section.name === name)?.length ?? 0;
    return { texts: length('texts.poolStart'), tokens: length('texts.ids'), truncated: header.truncated };
  });

/** Runs `read` with the open file and its path. */
const withFile = <T>(
  storage: Storage,
  key: string,
  read: (file: ReadableFile, path: string) => Promise<T>,
): Promise<T> =>
  readOwn(storage, 'tokens', key, async (folder, files) => {
    const file = await files.open(fileName);
    try {
      return await read(file, join(folder, fileName));
    } finally {
      await file.close();
    }
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
      const { starts, values, scores, teacher } = bySplit[split][name];
      const key = `${split}.${name}`;
      sections.push([`${key}.starts`, starts], [`${key}.values`, values], [`${key}.scores`, scores]);
      if (teacher) sections.push([`${key}${teacherSuffix}`, teacher]);
    }
  }
  return sections;
}

function assemble(header: Header, { buffer: data, byteOffset }: Buffer): TokenFile {
  const places = new Map<string, number>();
  let at = byteOffset;
  for (const { name, length } of header.sections) {
    places.set(name, at);
    at += length * 4;
  }
  const length = (name: string) => header.sections.find((section) => section.name === name)!.length;
  const u32 = (name: string) => new Uint32Array(data, places.get(name)!, length(name));
  const f32 = (name: string) => new Float32Array(data, places.get(name)!, length(name));
  const lists = (name: string): Lists => ({
    starts: u32(`${name}.starts`),
    values: u32(`${name}.values`),
    scores: f32(`${name}.scores`),
    ...(places.has(`${name}${teacherSuffix}`) && { teacher: f32(`${name}${teacherSuffix}`) }),
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

async function readHeader(file: ReadableFile, path: string): Promise<{ header: Header; begin: number }> {
  const prefix = await readPart(file, path, 0, prefixBytes);
  if (prefix.readUInt32LE(0) !== magic) refuseDamaged(path, 'it is no token file');
  const begin = prefixBytes + prefix.readUInt32LE(4);
  const json = await readPart(file, path, prefixBytes, begin - prefixBytes);
  const header = parseStored('tokens', path, json.toString('utf8'));
  if (!isHeader(header)) return refuseDamaged(path, 'its header is none of a token file of this version');
  if (file.size !== begin + wordsOf(header) * 4)
    refuseDamaged(path, `it has ${file.size} bytes, which is not what its header says`);
  return { header, begin };
}

const readPart = (file: ReadableFile, path: string, position: number, length: number): Promise<Buffer> =>
  file.read(position, length, () => damagedFile('tokens', path, 'it ends too early'));

const wordsOf = ({ sections }: Header): number => sections.reduce((sum, { length }) => sum + length, 0);

const sectionNames: ReadonlySet<string> = new Set([
  ...['ids', 'cumulative', 'poolStart'].map((part) => `texts.${part}`),
  ...splits.flatMap((split) => [
    ...['query', 'documents', 'identical'].map((part) => `${split}.${part}`),
    ...listNames.flatMap((name) => ['starts', 'values', 'scores'].map((part) => `${split}.${name}.${part}`)),
  ]),
]);
const optionalSections: ReadonlySet<string> = new Set(
  splits.flatMap((split) => listNames.map((name) => `${split}.${name}${teacherSuffix}`)),
);

function isHeader(value: unknown): value is Header {
  if (!isObject(value) || typeof value['truncated'] !== 'number') return false;
  const { version, task, sections } = value;
  const withTeacher = version === versionWithTeacher;
  if (version !== tokenFileVersion && !withTeacher) return false;
  if ((task !== 'ir' && task !== 'sts') || !Array.isArray(sections)) return false;
  const names = new Set(sections.map((section: unknown) => (isObject(section) ? String(section['name']) : '')));
  const sized = sections.every(({ length }: SectionHeader) => Number.isSafeInteger(length) && length >= 0);
  const isKnown = (name: string) => sectionNames.has(name) || (withTeacher && optionalSections.has(name));
  const isWhole = [...sectionNames].every((name) => names.has(name)) && [...names].every(isKnown);
  return names.size === sections.length && isWhole && sized;
}

/** The first part whose numbers lead outside of what they count; undefined = there is none. */
function wrongPart({ texts, splits: bySplit }: TokenFile): string | undefined {
  const { ids, cumulative, poolStart } = texts;
  const count = poolStart.length;
  if (cumulative.length !== count + 1 || !isRising(cumulative, ids.length)) return 'texts';
  if (!poolStart.every((start, text) => start <= cumulative[text + 1]! - cumulative[text]!)) return 'texts';
  const areBelow = (values: Uint32Array, limit: number): boolean => values.every((value) => value < limit);
  const areLists = ({ starts, values, scores, teacher }: Lists, records: number, limit: number): boolean =>
    starts.length === records + 1 &&
    scores.length === values.length &&
    (teacher === undefined || teacher.length === values.length) &&
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

function refuseDamaged(path: string, reason: string): never {
  throw damagedFile('tokens', path, reason);
}

const typeOf = (values: Section): SectionHeader['type'] =>
  values instanceof Uint32Array ? 'u32' : values instanceof Float32Array ? 'f32' : 'i32';
