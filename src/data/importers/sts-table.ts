/** STS tables: sentence1, sentence2, score. */
import { basename } from 'node:path';
import { requireTextFile } from '../lines.ts';
import { UnheardNotes } from '../problems.ts';
import { describe, gradeScale, whyBadText } from '../record-codec.ts';
import type { DataRecord } from '../types.ts';
import type { ImportContext, Imported, Importer, ImporterOptions } from './importer.ts';
import { drawSplits, findSplitFiles, type SplitFile } from './splits.ts';
import { readRows } from './table-rows.ts';

const columns = ['sentence1', 'sentence2', 'score'] as const;

export const importStsTable: Importer<'sts-table'> = async function* (context) {
  for (const file of await findSplitFiles(context.path, ['.tsv', '.csv'])) yield* importFile(file, context);
};

async function* importFile(
  { path, split }: SplitFile,
  context: ImportContext<ImporterOptions<'sts-table'>>,
): AsyncGenerator<Imported> {
  await requireTextFile(path);
  const drawn = split === null ? drawSplits(await countRows(path, context), context.options) : () => split;
  const file = basename(path);
  const problem = (line: number, message: string, field?: string) =>
    context.notes.problem({ file, line, message, ...(field === undefined ? {} : { field }) });
  let header: Header | null = null;
  let row = 0;
  for await (const { line, cells } of readRows(path, context)) {
    if (header === null) {
      header = readHeader(cells, (message) => problem(line, message));
      if (header === null) return;
      continue;
    }
    context.onLine();
    const rowSplit = drawn(row++);
    if (isWithoutScore(cells, header)) {
      context.notes.warn('rows with a blank or NaN score skipped');
      continue;
    }
    const record = readRow(cells, header, context, (message, field) => problem(line, message, field));
    if (record !== null) yield { kind: 'record', split: rowSplit, id: `${split ?? 'row'}-${row}`, record };
  }
}

interface Header {
  readonly width: number;
  /** Positions of {@link columns}. */
  readonly at: readonly number[];
}

function readHeader(cells: readonly string[], problem: (message: string) => void): Header | null {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length === 0) return { width: cells.length, at: columns.map((column) => names.indexOf(column)) };
  problem(`the header lacks ${missing.join(', ')}; expected the columns ${columns.join(', ')}`);
  return null;
}

/** Blank, or NaN, which is how data frames write a missing score. */
const isWithoutScore = (cells: readonly string[], { width, at }: Header): boolean =>
  cells.length === width && /^(nan)?$/i.test(cells[at[2]!]!.trim());

const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function readRow(
  cells: readonly string[],
  header: Header,
  context: ImportContext<ImporterOptions<'sts-table'>>,
  problem: (message: string, field?: string) => void,
): DataRecord | null {
  if (cells.length !== header.width) {
    problem(`has ${cells.length} columns, expected ${header.width}`);
    return null;
  }
  const [first, second, score] = header.at.map((position) => cells[position]!) as [string, string, string];
  const sentences = [first, second];
  const wrong = sentences.map((sentence) => whyBadText(sentence, context.limits.textCodePoints, true));
  wrong.forEach((why, index) => {
    if (why !== null) problem(why, columns[index]);
  });
  const raw = score.trim();
  const grade = number.test(raw) ? gradeScale(context)(Number(raw)) : `is ${describe(raw)}, expected a number`;
  if (typeof grade === 'string') problem(grade, 'score');
  if (typeof grade === 'string' || wrong.some((why) => why !== null)) return null;
  return {
    task: 'sts',
    query: ['', '', first],
    positives: [['', '', second]],
    negatives: [],
    positiveScores: [grade],
    negativeScores: [],
  };
}

/** Rows below the header; problems are noted by the reading that follows. */
async function countRows(path: string, context: ImportContext<ImporterOptions<'sts-table'>>): Promise<number> {
  let count = -1;
  for await (const _ of readRows(path, { ...context, notes: new UnheardNotes() })) count++;
  return Math.max(0, count);
}
