/**
 * Rows of a table: CSV by RFC 4180 (csv-parse); TSV, whose quotes are ordinary characters unless the whole file is
 * quoted by the rules of CSV, as spreadsheets and data frames write it.
 */
import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import { CsvError, type Options, parse } from 'csv-parse';
import { readLines } from '../lines.ts';
import { UnheardNotes } from '../problems.ts';
import type { ImportContext } from './importer.ts';

export interface Row {
  /** Line on which the row begins (TSV) or ends (CSV, whose rows may span lines). */
  readonly line: number;
  readonly cells: readonly string[];
}

type Context = Pick<ImportContext, 'notes' | 'signal' | 'limits'>;

export async function* readRows(path: string, context: Context): AsyncGenerator<Row> {
  if (extname(path).toLowerCase() === '.csv') yield* readCsv(path, context, ',');
  else if (await isQuotedTsv(path, context)) yield* readCsv(path, context, '\t');
  else yield* readTsv(path, context);
}

/** A cell in quotes whose inner quotes are doubled. */
const quotedCell = /^"(?:[^"]|"")*""(?:[^"]|"")*"$/;

async function* readTsv(path: string, { notes, signal }: Context): AsyncGenerator<Row> {
  for await (const { number: line, text } of readLines(path, notes, signal)) {
    if (text.trim() === '') continue;
    const cells = text.split('\t');
    const quoted = cells.filter((cell) => cell.length > 2 && quotedCell.test(cell)).length;
    if (quoted > 0) notes.warn('cells that look quoted as in CSV, kept with their quotes: other cells are not', quoted);
    yield { line, cells };
  }
}

async function* readCsv(path: string, context: Context, delimiter: string): AsyncGenerator<Row> {
  try {
    for await (const row of parseQuoted(path, context, { delimiter, info: true, relax_column_count: true })) {
      const { record, info } = row as { record: string[]; info: { lines: number } };
      yield { line: info.lines, cells: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error['lines']);
    context.notes.problem({ file: basename(path), message: error.message, ...(line > 0 ? { line } : {}) });
  }
}

function parseQuoted(path: string, { notes, signal, limits }: Context, options: Options): AsyncIterable<unknown> {
  async function* text() {
    for await (const line of readLines(path, notes, signal)) yield `${line.text}\n`;
  }
  const size = 3 * limits.textCodePoints;
  return Readable.from(text()).compose(parse({ skip_empty_lines: true, max_record_size: size, ...options }));
}

interface Cell {
  readonly value: string;
  readonly quoted: boolean;
}

/**
 * Whether a TSV reads as CSV without an error and holds what only its rules explain: doubled quotes, or every text
 * cell in quotes. A quote of a plain text that closes in another row would make a cell of tabs and line ends.
 */
async function isQuotedTsv(path: string, context: Context): Promise<boolean> {
  const cast: Options['cast'] = (value, { quoting }): Cell => ({ value, quoted: quoting });
  const rows = parseQuoted(path, { ...context, notes: new UnheardNotes() }, { delimiter: '\t', cast });
  let doubled = 0;
  let bare = 0;
  let quoted = 0;
  try {
    for await (const row of rows) {
      for (const cell of row as Cell[]) {
        if (cell.value.includes('\t') && cell.value.includes('\n')) return false;
        if (cell.quoted) quoted++;
        else if (!isNumber(cell.value)) bare++;
        if (cell.value.includes('"')) doubled++;
      }
    }
  } catch (error) {
    if (error instanceof CsvError) return false;
    throw error;
  }
  return doubled > 0 || (quoted > 0 && bare === 0);
}

const isNumber = (cell: string): boolean => cell.trim() === '' || !Number.isNaN(Number(cell));
