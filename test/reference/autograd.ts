/** Reverse-mode differentiation of float64 matrices, written for clarity and never optimised: the oracle of nn/. */
import { gelu, geluDerivative } from './elementwise.ts';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
  readonly gradient: Float64Array;
}

/** The operations run at once; `backward` goes back through all of them. */
export class Graph {
  readonly #backwards: (() => void)[] = [];

  matrix(rows: number, columns: number, data = new Float64Array(rows * columns)): Matrix {
    return { rows, columns, data, gradient: new Float64Array(rows * columns) };
  }

  backward(): void {
    for (const back of this.#backwards.reverse()) back();
  }

  /** x W^T + b: x [T, K], W [N, K], b [1, N] */
  linear(x: Matrix, weight: Matrix, bias?: Matrix): Matrix {
    const y = this.matrix(x.rows, weight.rows);
    const each = (visit: (t: number, n: number, k: number) => void): void => {
      for (let t = 0; t < x.rows; t++)
        for (let n = 0; n < weight.rows; n++) for (let k = 0; k < x.columns; k++) visit(t, n, k);
    };
    const K = x.columns;
    const N = weight.rows;
    for (let t = 0; t < x.rows; t++) for (let n = 0; n < N; n++) y.data[t * N + n] = bias?.data[n] ?? 0;
    each((t, n, k) => {
      y.data[t * N + n]! += x.data[t * K + k]! * weight.data[n * K + k]!;
    });
    this.#backwards.push(() => {
      for (let t = 0; bias && t < x.rows; t++) {
        for (let n = 0; n < N; n++) bias.gradient[n]! += y.gradient[t * N + n]!;
      }
      each((t, n, k) => {
        x.gradient[t * K + k]! += y.gradient[t * N + n]! * weight.data[n * K + k]!;
        weight.gradient[n * K + k]! += y.gradient[t * N + n]! * x.data[t * K + k]!;
      });
    });
    return y;
  }

  /** Rows of tables, summed: one row number per table and token. The first table's `frozenRow` gets no gradient. */
  embedding(tables: readonly Matrix[], indices: readonly ArrayLike<number>[], frozenRow?: number): Matrix {
    const C = tables[0]!.columns;
    const y = this.matrix(indices[0]!.length, C);
    const each = (visit: (table: Matrix, from: number, to: number) => void): void => {
      tables.forEach((table, which) => {
        for (let t = 0; t < y.rows; t++)
          for (let c = 0; c < C; c++) visit(table, indices[which]![t]! * C + c, t * C + c);
      });
    };
    each((table, from, to) => {
      y.data[to]! += table.data[from]!;
    });
    this.#backwards.push(() => {
      each((table, from, to) => {
        const isFrozen = table === tables[0] && Math.floor(from / C) === frozenRow;
        if (!isFrozen) table.gradient[from]! += y.gradient[to]!;
      });
    });
    return y;
  }

  add(a: Matrix, b: Matrix): Matrix {
    return this.#map(
      [a, b],
      (x, y) => x! + y!,
      () => [1, 1],
    );
  }

  gelu(x: Matrix): Matrix {
    return this.#map(
      [x],
      (v) => gelu(v!),
      (v) => [geluDerivative(v!)],
    );
  }

  /** Every element times a factor that is no variable (a dropout mask). */
  mask(x: Matrix, factor: (row: number, column: number) => number): Matrix {
    const factors = x.data.map((_, i) => factor(Math.floor(i / x.columns), i % x.columns));
    const y = this.matrix(
      x.rows,
      x.columns,
      x.data.map((value, i) => value * factors[i]!),
    );
    this.#backwards.push(() => {
      for (let i = 0; i < factors.length; i++) x.gradient[i]! += y.gradient[i]! * factors[i]!;
    });
    return y;
  }

  /** LayerNorm over the columns; gamma, beta [1, C]. */
  layerNorm(x: Matrix, gamma: Matrix, beta: Matrix, epsilon: number): Matrix {
    const C = x.columns;
    const y = this.matrix(x.rows, C);
    const hat = new Float64Array(x.data.length);
    const rstd = new Float64Array(x.rows);
    for (let t = 0; t < x.rows; t++) {
      const row = x.data.subarray(t * C, (t + 1) * C);
      const mean = row.reduce((sum, v) => sum + v, 0) / C;
      rstd[t] = 1 / Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / C + epsilon);
      for (let c = 0; c < C; c++) {
        hat[t * C + c] = (row[c]! - mean) * rstd[t]!;
        y.data[t * C + c] = hat[t * C + c]! * gamma.data[c]! + beta.data[c]!;
      }
    }
    this.#backwards.push(() => {
      for (let t = 0; t < x.rows; t++) {
        let sum = 0;
        let along = 0;
        for (let c = 0; c < C; c++) {
          const dHat = y.gradient[t * C + c]! * gamma.data[c]!;
          sum += dHat / C;
          along += (dHat * hat[t * C + c]!) / C;
          gamma.gradient[c]! += y.gradient[t * C + c]! * hat[t * C + c]!;
          beta.gradient[c]! += y.gradient[t * C + c]!;
        }
        for (let c = 0; c < C; c++) {
          const dHat = y.gradient[t * C + c]! * gamma.data[c]!;
          x.gradient[t * C + c]! += rstd[t]! * (dHat - sum - hat[t * C + c]! * along);
        }
      }
    });
    return y;
  }

  /**
   * Softmax attention within each text, head by head. `keep` multiplies the weight of (query token, key token, head).
   */
  attention(
    [q, k, v]: readonly [Matrix, Matrix, Matrix],
    heads: number,
    cumulative: ArrayLike<number>,
    keep: (query: number, key: number, head: number) => number = () => 1,
  ): Matrix {
    const C = q.columns;
    const D = C / heads;
    const out = this.matrix(q.rows, C);
    for (let text = 0; text + 1 < cumulative.length; text++) {
      for (let head = 0; head < heads; head++) {
        for (let i = cumulative[text]!; i < cumulative[text + 1]!; i++) {
          this.#attend({ q, k, v, out, i, from: cumulative[text]!, to: cumulative[text + 1]!, head, D, keep });
        }
      }
    }
    return out;
  }

  #attend(a: {
    q: Matrix;
    k: Matrix;
    v: Matrix;
    out: Matrix;
    i: number;
    from: number;
    to: number;
    head: number;
    D: number;
    keep: (query: number, key: number, head: number) => number;
  }): void {
    const { q, k, v, out, i, from, to, head, D, keep } = a;
    const at = (t: number, d: number): number => t * q.columns + head * D + d;
    const scale = 1 / Math.sqrt(D);
    const keys = Array.from({ length: to - from }, (_, j) => from + j);
    const scores = keys.map((j) => {
      let dot = 0;
      for (let d = 0; d < D; d++) dot += q.data[at(i, d)]! * k.data[at(j, d)]!;
      return dot * scale;
    });
    const max = Math.max(...scores);
    const total = scores.reduce((sum, s) => sum + Math.exp(s - max), 0);
    const weights = scores.map((s) => Math.exp(s - max) / total);
    const kept = weights.map((w, j) => w * keep(i, keys[j]!, head));
    keys.forEach((j, n) => {
      for (let d = 0; d < D; d++) out.data[at(i, d)]! += kept[n]! * v.data[at(j, d)]!;
    });
    this.#backwards.push(() => {
      const dWeights = keys.map((j) => {
        let dot = 0;
        for (let d = 0; d < D; d++) dot += out.gradient[at(i, d)]! * v.data[at(j, d)]!;
        return dot * keep(i, j, head);
      });
      const mean = dWeights.reduce((sum, dW, n) => sum + dW * weights[n]!, 0);
      keys.forEach((j, n) => {
        const dScore = weights[n]! * (dWeights[n]! - mean) * scale;
        for (let d = 0; d < D; d++) {
          v.gradient[at(j, d)]! += kept[n]! * out.gradient[at(i, d)]!;
          q.gradient[at(i, d)]! += dScore * k.data[at(j, d)]!;
          k.gradient[at(j, d)]! += dScore * q.data[at(i, d)]!;
        }
      });
    });
  }

  /** Rows weighted and summed: y[b] = sum of weight(b, t) * x[t]. */
  pool(x: Matrix, rows: number, weight: (text: number, token: number) => number): Matrix {
    const y = this.matrix(rows, x.columns);
    const each = (visit: (from: number, to: number, w: number) => void): void => {
      for (let b = 0; b < rows; b++)
        for (let t = 0; t < x.rows; t++) {
          const w = weight(b, t);
          for (let c = 0; w !== 0 && c < x.columns; c++) visit(t * x.columns + c, b * x.columns + c, w);
        }
    };
    each((from, to, w) => {
      y.data[to]! += w * x.data[from]!;
    });
    this.#backwards.push(() => {
      each((from, to, w) => {
        x.gradient[from]! += w * y.gradient[to]!;
      });
    });
    return y;
  }

  /** Rows divided by max(their length, 1e-12). */
  normalize(x: Matrix): Matrix {
    const C = x.columns;
    const y = this.matrix(x.rows, C);
    const norms = Array.from({ length: x.rows }, (_, b) =>
      Math.max(1e-12, Math.hypot(...x.data.subarray(b * C, (b + 1) * C))),
    );
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i]! / norms[Math.floor(i / C)]!;
    this.#backwards.push(() => {
      for (let b = 0; b < x.rows; b++) {
        let along = 0;
        for (let c = 0; c < C; c++) along += y.gradient[b * C + c]! * y.data[b * C + c]!;
        for (let c = 0; c < C; c++)
          x.gradient[b * C + c]! += (y.gradient[b * C + c]! - along * y.data[b * C + c]!) / norms[b]!;
      }
    });
    return y;
  }

  #map(
    inputs: readonly Matrix[],
    value: (...x: number[]) => number,
    derivatives: (...x: number[]) => readonly number[],
  ): Matrix {
    const { rows, columns } = inputs[0]!;
    const y = this.matrix(rows, columns);
    const at = (i: number): number[] => inputs.map((input) => input.data[i]!);
    for (let i = 0; i < y.data.length; i++) y.data[i] = value(...at(i));
    this.#backwards.push(() => {
      for (let i = 0; i < y.data.length; i++) {
        const slopes = derivatives(...at(i));
        inputs.forEach((input, n) => {
          input.gradient[i]! += slopes[n]! * y.gradient[i]!;
        });
      }
    });
    return y;
  }
}
