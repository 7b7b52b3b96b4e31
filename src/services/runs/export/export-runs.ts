/**
 * Metrics and settings of chosen runs as files of CSV or JSON, a piece at a time: the pieces in order, joined, are the
 * file. So neither side holds more than a page of a long run.
 */
import { badInput } from '../../../errors.ts';
import { type Cell, csvLine } from '../../common/csv.ts';
import { requireRow } from '../../common/rows.ts';
import { checkList } from '../../embedding/texts.ts';
import type { Tandem } from '../../tandem.ts';
import { metricsPage, type Place } from './metrics-table.ts';
import { settingsTable } from './settings-table.ts';
import type { ExportRow, ExportValue, TablePage } from './types.ts';

export interface ExportRunsRequest {
  readonly runIds: readonly string[];
  readonly table: 'settings' | 'metrics';
  readonly format: 'csv' | 'json';
  /** `next` of the piece before; absent or null = the first piece. */
  readonly after?: string | null | undefined;
}

export interface ExportPiece {
  readonly text: string;
  /** Rows in this piece. */
  readonly rows: number;
  /** Given as `after`, it leads to the next piece; null = this is the last. */
  readonly next: string | null;
}

/** Where a piece begins, and how many rows stand before it. */
interface Cursor extends Place {
  readonly rows: number;
}

/** Throws NOT_FOUND for a run that is not there, also where it was deleted between two pieces. */
export async function exportRuns(tandem: Tandem, request: ExportRunsRequest): Promise<ExportPiece> {
  const { runIds, table, format, after } = request;
  checkRuns(tandem, runIds);
  const from = readCursor(after ?? null, request);
  if (after === null || after === undefined) {
    for (const [i, id] of runIds.entries()) await requireRow(tandem.database.db, 'runs', id, `input.runs.${i}`);
  }
  const page =
    table === 'metrics'
      ? await metricsPage(tandem, runIds, from)
      : { ...(await settingsTable(tandem, runIds)), next: null };
  const rows = from.rows + page.rows.length;
  const next = page.next === null ? null : `${page.next.run}.${page.next.seq}.${rows}`;
  const place = { before: from.rows, isFirst: !after, isLast: next === null };
  return { text: format === 'csv' ? csvPiece(page, place) : jsonPiece(page, place), rows: page.rows.length, next };
}

function checkRuns({ config: { limits } }: Tandem, ids: readonly string[]): void {
  checkList(ids, limits, 'input.runs', { max: limits.pageSize });
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice < 0) return;
  throw badInput('A run is named twice', {
    field: `input.runs.${twice}`,
    expected: 'each run once',
    remedy: 'Name it once.',
  });
}

function readCursor(after: string | null, { table, runIds }: ExportRunsRequest): Cursor {
  if (after === null) return { run: 0, seq: 0, rows: 0 };
  const [, run, seq, rows] = (/^(\d{1,9})\.(\d{1,15})\.(\d{1,15})$/.exec(after) ?? []).map(Number);
  if (table === 'metrics' && run !== undefined && run < runIds.length) return { run, seq: seq!, rows: rows! };
  throw badInput(`There is no piece behind "${after.slice(0, 60)}"`, {
    field: 'after',
    expected: '`next` of the piece before, with the same input',
    remedy: 'Begin with the first piece: leave `after` out.',
  });
}

interface PiecePlace {
  /** Rows before the piece. */
  readonly before: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const csvPiece = ({ columns, rows }: TablePage, { isFirst }: PiecePlace): string =>
  [
    ...(isFirst ? [csvLine(columns)] : []),
    ...rows.map((row) => csvLine(columns.map((column) => cellOf(row[column])))),
  ].join('');

const cellOf = (value: ExportValue | undefined): Cell =>
  value !== null && typeof value === 'object' ? JSON.stringify(value) : (value ?? null);

/** A list with a row a line. */
function jsonPiece({ columns, rows }: TablePage, { before, isFirst, isLast }: PiecePlace): string {
  const whole = (row: ExportRow) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
  const lines = rows.map((row, i) => `${before + i === 0 ? '' : ','}\n${JSON.stringify(whole(row))}`);
  return `${isFirst ? '[' : ''}${lines.join('')}${isLast ? '\n]\n' : ''}`;
}
