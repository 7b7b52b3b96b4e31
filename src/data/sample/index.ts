/**
 * The sample data that Tandem ships: maintenance notes, manual entries and questions of a factory, written by a seeded
 * grammar, so that every grade is true by construction. Handed over as unified records, through the same checks as any
 * import.
 */
import type { ImportContext, Imported } from '../importers/importer.ts';
import { decodeRecord, encodeRecord, type RecordRules } from '../record-codec.ts';
import { type DataRecord, splits, type Task } from '../types.ts';
import { sampleRetrieval } from './retrieval.ts';
import { sampleSimilarity } from './similarity.ts';

export interface SampleSource {
  readonly task: Task;
  readonly seed: number;
}

/**
 * The sample data of a task as an importer yields it. Grades are on the scale 0..1 (STS) and 0, 1, 2 (IR), whatever
 * scale was declared.
 */
export async function* readSample(
  source: SampleSource,
  context: Omit<ImportContext, 'path' | 'options'>,
): AsyncGenerator<Imported> {
  const check = checker(context);
  for (const split of splits) {
    if (source.task === 'sts') {
      for (const [index, record] of sampleSimilarity(source.seed, split).entries()) {
        yield { kind: 'record', split, id: `${split}-${index + 1}`, record: check(record) };
      }
      continue;
    }
    const { documents, queries } = sampleRetrieval(source.seed, split);
    yield* documents;
    for (const [index, { record, positiveDocuments }] of queries.entries()) {
      yield { kind: 'record', split, id: `${split}-${index + 1}`, record: check(record), positiveDocuments };
    }
  }
}

function checker({
  limits,
  notes,
  onLine,
}: Omit<ImportContext, 'path' | 'options'>): (record: DataRecord) => DataRecord {
  const rules: RecordRules = {
    ...limits,
    scale: [0, 1],
    problem: (field, message) => {
      throw new Error(`Sample data broke its own rules: ${field} ${message}. This is a bug in Tandem.`);
    },
    warn: (message, count) => notes.warn(message, count),
  };
  return (record) => {
    onLine();
    return decodeRecord(encodeRecord(record), rules)[0]!;
  };
}
