/**
 * Keeps the units of an evaluation: a folder of storage with one file of lines of JSON, a header and then a line for
 * each unit with its name. Figures are exact, since JavaScript writes the shortest digits that give a number again.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { compareUtf8 } from '../../data/code-points.ts';
import { noGrade } from '../../data/record-codec.ts';
import { type Dataset, openDataset } from '../../data/record-file.ts';
import type { Split } from '../../data/types.ts';
import { invariant } from '../../errors.ts';
import { publishStaged, type Storage } from '../../storage/storage.ts';
import { type QueryLine, type UnitLine, unitsFile, unitsVersion } from './line.ts';
import { type MeasuredQueries, type MeasuredUnits, type PublishUnitsInput, queryFigures } from './types.ts';

/** The digests of what was published, in the order of `measured`. */
export async function publishUnits(
  storage: Storage,
  { dataset, split, pool, measured }: PublishUnitsInput,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const names = await namesOf(await openDataset(storage, dataset), split, pool, signal);
  const digests: string[] = [];
  for (const units of measured) {
    signal?.throwIfAborted();
    const published = await publishStaged(storage, 'units', (folder) => write(join(folder, unitsFile), units, names));
    digests.push(published.digest);
  }
  return digests;
}

/** An id with the number that its line has in the data set's file. */
interface Named {
  readonly id: string;
  readonly number: number;
}

interface Names {
  /** The records that count. */
  readonly records: readonly Named[];
  /** The documents that were searched, by position. */
  readonly documents: readonly Named[];
}

async function namesOf(
  dataset: Dataset,
  split: Split,
  pool: Uint32Array | undefined,
  signal: AbortSignal | undefined,
): Promise<Names> {
  const retrieval = dataset.summary.task === 'ir';
  const records: Named[] = [];
  let number = 0;
  for await (const { id, positiveScores } of dataset.records(split)) {
    signal?.throwIfAborted();
    // As in training and evaluation, a pair without a grade does not count.
    if (retrieval || (positiveScores[0] ?? noGrade) !== noGrade) records.push({ id, number });
    number++;
  }
  const documents: Named[] = [];
  for await (const { id } of dataset.documents(split)) {
    signal?.throwIfAborted();
    documents.push({ id, number: documents.length });
  }
  documents.sort((a, b) => compareUtf8(a.id, b.id));
  return { records, documents: pool ? Array.from(pool, (position) => documents[position]!) : documents };
}

/** Bytes of text gathered before a write. */
const writeChunk = 1 << 18;

async function write(path: string, units: MeasuredUnits, names: Names): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let text = `${JSON.stringify({ version: unitsVersion, task: units.task, figures: queryFigures })}\n`;
    for (const line of linesOf(units, names)) {
      text += `${JSON.stringify(line)}\n`;
      if (text.length < writeChunk) continue;
      await file.writeFile(text);
      text = '';
    }
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

function* linesOf(units: MeasuredUnits, { records, documents }: Names): Generator<UnitLine> {
  const count = units.task === 'ir' ? units.hits.starts.length - 1 : units.cosines.length;
  invariant(count === records.length, `${count} units were measured of ${records.length} records`);
  for (const [i, { id, number }] of records.entries()) {
    if (units.task === 'sts') yield [id, number, units.cosines[i]!, units.grades[i]!];
    else yield [id, number, queryFigures.map((figure) => units.values[figure][i]!), hitsOf(units, i, documents)];
  }
}

function hitsOf({ hits }: MeasuredQueries, query: number, names: readonly Named[]): QueryLine[3] {
  const { starts, documents, scores, grades } = hits;
  const found: QueryLine[3][number][] = [];
  for (let hit = starts[query]!; hit < starts[query + 1]!; hit++) {
    const { id, number } = names[documents[hit]!]!;
    found.push([id, number, scores[hit]!, grades[hit]!]);
  }
  return found;
}
