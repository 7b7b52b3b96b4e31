/**
 * Singular values by one-sided Jacobi rotations (Demmel and Veselic 1992): small values keep their relative accuracy,
 * which a Gram matrix would lose below 1e-8 of the largest, and the work is cut into pieces. A library's decomposition
 * would block its thread for many seconds.
 */
import type { Pause } from '../statistics/paired-units.ts';

/** Columns are orthogonal where their cosine is below this. */
const orthogonal = 1e-14;
/** Products between two pauses: a few milliseconds of work. */
const pieceProducts = 4_000_000;
/** Sweeps over all pairs of columns; about ten suffice, and rounding alone is left after them. */
const mostSweeps = 40;

/**
 * The min(n, C) singular values of row-major [n, C], descending. f64. Each of at most n x C^2 products a sweep; `pause`
 * is awaited every few milliseconds.
 */
export async function singularValues(matrix: ArrayLike<number>, width: number, pause: Pause): Promise<Float64Array> {
  const columns = await triangle(columnsOf(matrix, width), pause);
  const rotationsPerPiece = Math.ceil(pieceProducts / (5 * Math.max(1, columns.length)));
  let rotations = 0;
  for (let sweep = 0, rotated = true; rotated && sweep < mostSweeps; sweep++) {
    rotated = false;
    for (let left = 0; left < columns.length; left++) {
      for (let right = left + 1; right < columns.length; right++) {
        if (rotations++ % rotationsPerPiece === 0) await pause();
        if (rotate(columns[left]!, columns[right]!)) rotated = true;
      }
    }
  }
  return Float64Array.from(columns, (column) => Math.sqrt(dot(column, column)))
    .sort()
    .reverse();
}

/** The columns of the matrix or, where there are fewer rows, its rows. */
function columnsOf(matrix: ArrayLike<number>, width: number): Float64Array[] {
  const rows = matrix.length / width;
  return rows < width
    ? Array.from({ length: rows }, (_, row) => Float64Array.from({ length: width }, (_, c) => matrix[row * width + c]!))
    : Array.from({ length: width }, (_, c) =>
        Float64Array.from({ length: rows }, (_, row) => matrix[row * width + c]!),
      );
}

/**
 * The rows of R of a QR decomposition by Householder's reflections, the longest column first: square, with the same
 * singular values, and rotations converge sooner on its rows than on its columns (Drmac and Veselic 2008). Destroys its
 * input.
 */
async function triangle(columns: Float64Array[], pause: Pause): Promise<Float64Array[]> {
  const size = columns.length;
  const norms = new Map(columns.map((column) => [column, dot(column, column)]));
  columns.sort((a, b) => norms.get(b)! - norms.get(a)!);
  for (const [at, pivot] of columns.entries()) {
    await pause();
    const tail = pivot.subarray(at);
    const norm = Math.sqrt(dot(tail, tail));
    if (norm === 0) continue;
    const reflector = tail.slice();
    reflector[0]! += reflector[0]! < 0 ? -norm : norm;
    const scale = 2 / dot(reflector, reflector);
    for (let other = at; other < size; other++) {
      const column = columns[other]!.subarray(at);
      add(column, reflector, -scale * dot(reflector, column));
    }
  }
  return columns.map((_, row) => Float64Array.from(columns, (column, at) => (at < row ? 0 : column[row]!)));
}

/** Makes two columns orthogonal; false if they are. */
function rotate(a: Float64Array, b: Float64Array): boolean {
  const aa = dot(a, a);
  const bb = dot(b, b);
  const ab = dot(a, b);
  if (Math.abs(ab) <= orthogonal * Math.sqrt(aa) * Math.sqrt(bb)) return false;
  const zeta = (bb - aa) / (2 * ab);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (let i = 0; i < a.length; i++) {
    const value = a[i]!;
    a[i] = cosine * value - sine * b[i]!;
    b[i] = sine * value + cosine * b[i]!;
  }
  return true;
}

function dot(a: Float64Array, b: Float64Array): number {
  let [even, odd] = [0, 0];
  const pairs = a.length - (a.length % 2);
  for (let i = 0; i < pairs; i += 2) {
    even += a[i]! * b[i]!;
    odd += a[i + 1]! * b[i + 1]!;
  }
  return pairs < a.length ? even + odd + a[pairs]! * b[pairs]! : even + odd;
}

function add(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}
