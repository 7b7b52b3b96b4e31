/**
 * Tensors that are larger than a piece: the same values as in one go, with turns for others and for an abort between.
 */
import { describe, expect, it } from 'vitest';
import type { FusionGranularity } from '../../src/fusion/catalog.ts';
import { mergeTensor } from '../../src/fusion/methods/delta-guided.ts';
import { weightedMean } from '../../src/fusion/methods/linear.ts';
import type { TensorSet } from '../../src/fusion/methods/method.ts';
import { pauseOf, pieceLength } from '../../src/fusion/pieces.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import { deltaGuided, type ReferenceModel, uniformSoup } from '../reference/fusion.ts';

function tensorOf(rows: number, columns: number): TensorSet {
  const random = new RandomStream(7, rows);
  const values = (scale: number, around?: Float32Array) =>
    Float32Array.from({ length: rows * columns }, (_, i) => (around?.[i] ?? 0) + scale * (random.float() - 0.5));
  const initial = values(1);
  return {
    shape: [rows, columns],
    initial,
    checkpoints: [values(0.1, initial), values(0.02, initial)],
    weights: [1, 1],
  };
}

const asModel = (shape: readonly number[], data: Float32Array): ReferenceModel =>
  new Map([['x', { shape, data: [...data] }]]);

/** To the last bit; `toEqual` alone takes seconds for tensors of this size. */
function expectEqual(found: Float32Array, expected: readonly number[]): void {
  const wrong = found.findIndex((value, i) => !Object.is(value, Math.fround(expected[i]!)));
  expect([found.length, wrong]).toEqual([expected.length, -1]);
}

describe('a tensor of several pieces', () => {
  const settings = { power: 1.5, lambda: 0.7 };

  it.each<[FusionGranularity, number, number]>([
    ['tensor', 1, pieceLength + 1],
    ['element', 2, pieceLength - 1],
    ['row', 3, 40_000],
    ['row', 2, pieceLength + 3],
  ])('is merged by %s as by the formula (%d x %d)', async (granularity, rows, columns) => {
    const tensor = tensorOf(rows, columns);
    const merged = await mergeTensor(tensor, { granularity, ...settings }, pauseOf());
    const models = tensor.checkpoints.map((data) => asModel(tensor.shape, data));
    const plan = { granularity, ...settings };
    expectEqual(merged, deltaGuided(asModel(tensor.shape, tensor.initial), models, plan, () => '').get('x')!);
  });

  it('is averaged as by the formula', async () => {
    const tensor = tensorOf(2, pieceLength);
    const models = tensor.checkpoints.map((data) => asModel(tensor.shape, data));
    expectEqual(await weightedMean(tensor, pauseOf()), uniformSoup(models).get('x')!);
  });

  it.each<FusionGranularity>(['element', 'row', 'tensor'])('lets others take their turn (%s)', async (granularity) => {
    const tensor = tensorOf(64, 16_384);
    let [turns, over] = [0, false];
    const turn = (): void => {
      turns++;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    await mergeTensor(tensor, { granularity, ...settings }, pauseOf());
    over = true;
    expect(turns).toBeGreaterThanOrEqual(tensor.initial.length / pieceLength - 1);
  });

  it.each<FusionGranularity>(['element', 'row', 'tensor', 'model'])(
    'is left when told to (%s)',
    async (granularity) => {
      const stop = new AbortController();
      let pauses = 0;
      const pause = async (): Promise<void> => {
        await pauseOf(stop.signal)();
        if (++pauses === 3) stop.abort(new Error('enough'));
      };
      const shared = granularity === 'model' ? { weights: Float64Array.of(1, 1), sum: 2 } : undefined;
      const merging = mergeTensor(tensorOf(16, pieceLength), { granularity, ...settings }, pause, shared);
      await expect(merging).rejects.toThrow('enough');
      expect(pauses).toBe(3);
    },
  );
});
