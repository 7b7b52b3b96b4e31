/**
 * CSV as RFC 4180 has it: fields quoted where they must be, lines ended by CR LF. A text that a spreadsheet would run
 * as a formula gets an apostrophe before it, by which spreadsheets know a text; numbers are written as they are.
 */

/** What a field holds; null, and a number that is not finite, is an empty field. */
export type Cell = string | number | boolean | null;

/** How a formula may begin, also behind white space: see OWASP, "CSV injection". */
const formula = /^\s*[=+\-@]|^[\t\r\n]/;
const needsQuotes = /[",\r\n]/;

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvField).join(',')}\r\n`;

function csvField(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  if (typeof cell === 'boolean') return String(cell);
  const text = formula.test(cell) ? `'${cell}` : cell;
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
