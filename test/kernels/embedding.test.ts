import { describe, expect, it } from 'vitest';
import { embeddingBackward, embeddingForward, embeddingRows, scatterIndex } from '../../src/kernels/embedding.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import { differentiate } from '../reference/differences.ts';
import * as reference from '../reference/embedding.ts';
import { tolerances } from '../tolerances.ts';

/** Packed texts of the given length with frequent special tokens, as a tokenizer makes them. */
function lookupOf(T: number, V: number, P: number, seed: number) {
  const source = random(seed);
  const ids = Uint32Array.from({ length: T }, () => (source.uniform() < 0.2 ? 0 : source.integer(V)));
  const positions = Uint32Array.from({ length: T }, (_, t) => t % P);
  const typeIds = source.integers(T, 2);
  return { ids, positions, typeIds };
}

/** Gradient of the table's rows from `firstRow` on. */
async function partGradient(ids: Uint32Array, rows: number, firstRow: number, C: number, dOut: Float32Array) {
  const gpu = await testGpu();
  return withTensors(gpu, async (scope) => {
    const dTable = scope.upload('dTable', [rows, C], new Float32Array(rows * C));
    const index = scatterIndex(ids, { firstRow, rows });
    embeddingBackward(gpu, { dOut: scope.upload('dOut', [ids.length, C], dOut), index, dTable });
    return gpu.read(dTable);
  });
}

async function tableGradient(ids: Uint32Array, rows: number, C: number, dOut: Float32Array, first: Float32Array) {
  const gpu = await testGpu();
  return withTensors(gpu, async (scope) => {
    const dTable = scope.upload('dTable', [rows, C], first);
    const index = scatterIndex(ids);
    embeddingBackward(gpu, { dOut: scope.upload('dOut', [ids.length, C], dOut), index, dTable });
    return gpu.read(dTable);
  });
}

const plus = (a: ArrayLike<number>, b: ArrayLike<number>) => Float64Array.from(a, (value, i) => value + b[i]!);

describe('embedding', () => {
  it.each([
    [1, 1, 1],
    [31, 101, 65],
    [257, 13, 18],
    [40, 11, 20],
  ])('takes rows of one table as they are: T %i, V %i, C %i', async (T, V, C) => {
    const gpu = await testGpu();
    const [table, ids] = [random(T).floats(V * C), random(V).integers(T, V)];
    const out = await withTensors(gpu, async (scope) => {
      const result = scope.unwritten('out', [T, C]);
      embeddingRows(gpu, {
        ids: scope.upload('ids', [T], ids),
        table: scope.upload('table', [V, C], table),
        out: result,
      });
      return gpu.read(result);
    });
    expect(out).toEqual(Float32Array.from(out, (_, i) => table[ids[Math.floor(i / C)]! * C + (i % C)]!));
  });

  it.each([
    [1, 1, 1, 1],
    [2, 5, 2, 3],
    [31, 101, 13, 64],
    [33, 29, 33, 65],
    [257, 1009, 61, 18],
    [2501, 997, 60, 64],
    [9001, 50, 512, 7],
    [70, 37, 16, 4],
    [300, 50, 64, 384],
  ])('equals the float64 reference at T %i, V %i, P %i, C %i', async (T, V, P, C) => {
    const gpu = await testGpu();
    const source = random(T + C);
    const lookup = lookupOf(T, V, P, T);
    const tables = { word: source.floats(V * C), position: source.floats(P * C), type: source.floats(2 * C) };
    const out = await withTensors(gpu, async (scope) => {
      const result = scope.unwritten('out', [T, C]);
      embeddingForward(gpu, {
        ids: scope.upload('ids', [T], lookup.ids),
        positions: scope.upload('positions', [T], lookup.positions),
        typeIds: scope.upload('typeIds', [T], lookup.typeIds),
        word: scope.upload('word', [V, C], tables.word),
        position: scope.upload('position', [P, C], tables.position),
        type: scope.upload('type', [2, C], tables.type),
        out: result,
      });
      return gpu.read(result);
    });
    const expected = reference.embeddingForward(lookup, tables.word, tables.position, tables.type, C);
    expectClose(out, expected, tolerances.embedding, 'out');

    const dOut = source.floats(T * C);
    for (const [ids, rows] of [
      [lookup.ids, V],
      [lookup.positions, P],
      [lookup.typeIds, 2],
    ] as const) {
      const first = source.floats(rows * C);
      const gradient = await tableGradient(ids, rows, C, dOut, first);
      const sum = plus(reference.embeddingBackward(dOut, ids, rows, C), first);
      expectGradient(gradient, sum, 'dTable');
      expectClose(gradient, sum, tolerances.columnSum, 'dTable');
      const named = new Set(ids);
      const untouched = first.filter((_, i) => !named.has(Math.floor(i / C)));
      expect(gradient.filter((_, i) => !named.has(Math.floor(i / C)))).toEqual(untouched);
    }
  });

  it.each([
    [1, 7, 3, [3, 4]],
    [700, 31, 65, [10, 20, 1]],
    [257, 40, 7, [39, 1]],
  ])('takes a table in parts, to the same bits: T %i, V %i, C %i, parts %j', async (T, V, C, parts) => {
    const gpu = await testGpu();
    const source = random(T);
    const [table, dOut] = [source.floats(V * C), source.floats(T * C)];
    const { ids, positions, typeIds } = lookupOf(T, V, 5, T);
    const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, rows) => sum + rows, 0));
    const whole = [{ firstRow: 0, rows: V }];
    const cut = parts.map((rows, i) => ({ firstRow: starts[i]!, rows }));
    const lookUp = (ranges: typeof whole, fused: boolean) =>
      withTensors(gpu, async (scope) => {
        const out = scope.unwritten('out', [T, C]);
        const common = { ids: scope.upload('ids', [T], ids), out };
        const others = {
          positions: scope.upload('positions', [T], positions),
          typeIds: scope.upload('typeIds', [T], typeIds),
          position: scope.upload('position', [5, C], table.slice(0, 5 * C)),
          type: scope.upload('type', [2, C], table.slice(0, 2 * C)),
        };
        for (const { firstRow, rows } of ranges) {
          const part = scope.upload('part', [rows, C], table.slice(firstRow * C, (firstRow + rows) * C));
          if (fused) embeddingForward(gpu, { ...common, ...others, word: part, firstRow });
          else embeddingRows(gpu, { ...common, table: part, firstRow });
        }
        return gpu.read(out);
      });
    for (const fused of [false, true]) expect(await lookUp(cut, fused)).toEqual(await lookUp(whole, fused));
    const gradients: number[] = [];
    for (const { firstRow, rows } of cut) gradients.push(...(await partGradient(ids, rows, firstRow, C, dOut)));
    expect(gradients).toEqual([...(await partGradient(ids, V, 0, C, dOut))]);
  });

  it('sums one id with every token to the same bits each time', async () => {
    const [T, C] = [5003, 16];
    const dOut = random(4).floats(T * C);
    const run = () => tableGradient(new Uint32Array(T), 2, C, dOut, new Float32Array(2 * C));
    const [first, second] = [await run(), await run()];
    expect(second).toEqual(first);
    const sum = reference.embeddingBackward(dOut, new Uint32Array(T), 2, C);
    expectClose(first, sum, tolerances.columnSum);
    expect([...first.slice(C)]).toEqual(new Array(C).fill(0));
  });

  it('does nothing for no tokens', async () => {
    const index = scatterIndex([]);
    expect(index).toMatchObject({ rows: 0, segments: 0, tokens: 0 });
    const first = random(1).floats(8);
    expect(await tableGradient(new Uint32Array(0), 2, 4, new Float32Array(0), first)).toEqual(first);
  });

  it('has a reference whose gradients are its differences', () => {
    const C = 3;
    const lookup = lookupOf(9, 4, 3, 8);
    const source = random(3);
    const [word, position, type, dOut] = [source.floats(12), source.floats(9), source.floats(6), source.floats(27)];
    const loss = (...[w, p, t]: Float64Array[]) =>
      reference.embeddingForward(lookup, w!, p!, t!, C).reduce((sum, value, i) => sum + value * dOut[i]!, 0);
    const expected = differentiate(loss, [word, position, type]);
    [lookup.ids, lookup.positions, lookup.typeIds].forEach((ids, i) => {
      const gradient = reference.embeddingBackward(dOut, ids, expected[i]!.length / C, C);
      expectClose(gradient, expected[i]!, tolerances.differences);
    });
  });
});

describe('scatter index', () => {
  it('names every token once, by id and in order, in segments that never cross an id', () => {
    for (const [T, V] of [
      [1, 1],
      [97, 3],
      [1000, 40],
      [20_000, 2],
    ] as const) {
      const ids = random(T).integers(T, V);
      const { data, rows, segments } = scatterIndex(ids);
      const rowStarts = data.subarray(rows, 2 * rows + 1);
      const segmentStarts = data.subarray(2 * rows + 1, 2 * rows + 2 + segments);
      const order = data.subarray(2 * rows + 2 + segments);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: T }, (_, t) => t));
      expect([...data.subarray(0, rows)]).toEqual([...new Set(ids)].sort((a, b) => a - b));
      for (let row = 0; row < rows; row++) {
        const tokens = order.subarray(segmentStarts[rowStarts[row]!]!, segmentStarts[rowStarts[row + 1]!]!);
        expect(tokens.every((token, i) => ids[token] === data[row] && (i === 0 || tokens[i - 1]! < token))).toBe(true);
      }
      const lengths = Array.from({ length: segments }, (_, s) => segmentStarts[s + 1]! - segmentStarts[s]!);
      expect(Math.min(...lengths)).toBeGreaterThan(0);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(Math.max(32, Math.ceil(T / 256)));
    }
  });
});
