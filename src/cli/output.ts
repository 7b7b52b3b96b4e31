/** How results are shown to a person: aligned tables and short numbers on stdout. */

/** A table with a header line; numbers are right-aligned. */
export function formatTable(headers: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [headers, ...rows.map((row) => row.map(String))];
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column] ?? ''))));
  const isNumeric = headers.map((_, column) => rows.length > 0 && rows.every((row) => isNumber(row[column])));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => pad(cell, widths[column], isNumeric[column]))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(cells[0] as string[]), rule, ...cells.slice(1).map((row) => line(row as string[]))].join('\n');
}

const displayWidth = (text: string): number => [...text].length;
const isNumber = (cell: string | number | undefined): boolean => cell === '-' || /^-?[\d.,]+ ?%?$/.test(String(cell));

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? space + text : text + space;
}

/** A score as a fraction of 1 with four digits; `-` where it is undefined. */
export const formatScore = (score: number | null | undefined): string =>
  score === null || score === undefined ? '-' : score.toFixed(4);

/** Seconds as `42 s` or `3 min 20 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** The time since then in its largest unit: `42 s`, `3 min`, `5 h` or `2 d`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** `3/10`, or `3` where the whole amount is not known. */
export const formatAmount = (done: number, total: number | null): string =>
  total === null ? `${done}` : `${done}/${total}`;

/** At most `length` code points, with an ellipsis where something was cut. */
export function shorten(text: string, length: number): string {
  const points = [...text];
  return points.length <= length ? text : `${points.slice(0, length - 1).join('')}…`;
}
