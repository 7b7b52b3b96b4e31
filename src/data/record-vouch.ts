/**
 * Whether a version that was published without a manifest, as those of 0.2.0 were, is as its import wrote it: the
 * records by their sha256, which is its name; index and summary by making them again from the records.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { damagedFile, parseStored } from '../storage/damaged-file.ts';
import type { Vouch } from '../storage/own-files.ts';
import { countsOf, encodeIndex, LineIndex, recordFiles } from './record-index.ts';
import type { DatasetSummary, StoredLine } from './types.ts';

const { records, index, summary } = recordFiles;

export const vouchForVersion: Vouch = async (folder, digest, found) => {
  const require = (name: string, isWhole: boolean): void => {
    if (!isWhole) throw damagedFile('datasets', join(folder, name), 'its content is not what was written');
  };
  require(records, found.get(records)?.sha256 === digest);
  const made = await indexOf(join(folder, records));
  const sha256 = createHash('sha256').update(encodeIndex(made.index)).digest('hex');
  require(index, found.get(index)?.sha256 === sha256);
  const path = join(folder, summary);
  const { warnings, ...stated } = parseStored('datasets', path, await readFile(path, 'utf8')) as DatasetSummary;
  const { task, scale, ignoreIdenticalIds } = made.header;
  const derived = {
    digest,
    task,
    scale,
    ignoreIdenticalIds,
    bytes: found.get(records)?.bytes,
    ...countsOf(made.index),
  };
  require(summary, Array.isArray(warnings) && isDeepStrictEqual(stated, derived));
};

/** The header line and the index of a record file. */
async function indexOf(path: string): Promise<{ header: Readonly<Record<string, unknown>>; index: LineIndex }> {
  const index = new LineIndex();
  let header: Readonly<Record<string, unknown>> | undefined;
  let offset = 0;
  for await (const line of linesOf(path)) {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (header === undefined) header = value as Readonly<Record<string, unknown>>;
    else index.add(value as StoredLine, { offset, bytes: line.length });
    offset += line.length + 1;
  }
  return { header: header ?? {}, index };
}

/** Lines as bytes, without their end. */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let begin = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, begin)) {
      yield Buffer.concat([...rest, chunk.subarray(begin, end)]);
      rest = [];
      begin = end + 1;
    }
    rest.push(chunk.subarray(begin));
  }
}
