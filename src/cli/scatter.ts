/** Points in a plane as characters. */

export interface Point {
  readonly x: number;
  readonly y: number;
  /** One character; where several points fall into one cell, the last of the list is seen. */
  readonly mark: string;
}

export interface ScatterOptions {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly width?: number;
  readonly height?: number;
}

/** A plot with the range of both axes; nothing where there are no points. */
export function scatter(points: readonly Point[], options: ScatterOptions): string {
  if (points.length === 0) return '';
  const { xTitle, yTitle, width = 60, height = 16 } = options;
  const [x, y] = [rangeOf(points.map((point) => point.x)), rangeOf(points.map((point) => point.y))];
  const cells = Array.from({ length: height }, () => Array.from({ length: width }, () => ' '));
  for (const point of points) {
    const row = height - 1 - cellOf(point.y, y, height);
    (cells[row] as string[])[cellOf(point.x, x, width)] = point.mark;
  }
  const [top, bottom] = [y.max.toFixed(4), y.min.toFixed(4)];
  const margin = Math.max(top.length, bottom.length);
  const labelOf = (row: number): string => (row === 0 ? top : row === height - 1 ? bottom : '').padStart(margin);
  const lines = cells.map((line, row) => `${labelOf(row)} |${line.join('')}`.trimEnd());
  const [left, right] = [x.min.toFixed(4), x.max.toFixed(4)];
  const gap = ' '.repeat(Math.max(1, width - left.length - right.length));
  const indent = ' '.repeat(margin + 2);
  return [yTitle, ...lines, `${indent}${'-'.repeat(width)}`, `${indent}${left}${gap}${right}  ${xTitle}`].join('\n');
}

interface Range {
  readonly min: number;
  readonly max: number;
}

const rangeOf = (values: readonly number[]): Range => ({ min: Math.min(...values), max: Math.max(...values) });

/** In the middle where all values are equal. */
const cellOf = (value: number, { min, max }: Range, cells: number): number =>
  max > min ? Math.round(((value - min) / (max - min)) * (cells - 1)) : Math.floor((cells - 1) / 2);
