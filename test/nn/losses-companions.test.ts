/** Losses for comparison and company as training calls them, against the figures of other programs. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import type { LossName } from '../../src/nn/losses/catalog.ts';
import { stsLoss } from '../../src/nn/losses/index.ts';
import { expectClose, expectGradient, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/losses.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

interface Golden {
  readonly loss: LossName;
  readonly params: Record<string, number>;
  readonly inputs: { readonly queries: number[][]; readonly partners?: number[][]; readonly grades: number[] };
  readonly value: number;
  readonly gradient: { readonly queries: number[][]; readonly partners: number[][] };
}

const readCases = (name: string): Golden[] => {
  const text = readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: Golden[] }).cases;
};

const losses: readonly string[] = ['cosine-mse', 'cosent', 'angle', 'pair-infonce', 'spread-out'];
const goldens = ['losses.json', 'losses-companions.json']
  .flatMap(readCases)
  .filter(({ loss, inputs }) => losses.includes(loss) && inputs.partners !== undefined);

describe('pairs', () => {
  it('have goldens of every loss', () => {
    expect([...new Set(goldens.map(({ loss }) => loss))].sort()).toEqual([...losses].sort());
  });

  it.each(goldens.map((golden, index) => [index, golden.loss, golden] as const))('%i %s', (_, loss, golden) =>
    withTensors(gpu, async (scope) => {
      const { queries, partners, grades } = golden.inputs;
      const width = queries[0]!.length;
      const sides = [queries, partners!].map((rows) => reference.normalise(rows.flat(), width));
      const [q, p] = sides.map(({ unit }) => scope.upload('unit', [grades.length, width], Float32Array.from(unit)));
      const result = stsLoss(gpu, {
        queries: q!,
        partners: p!,
        ...{ innerQueries: null, innerPartners: null, grades: Float32Array.from(grades) },
        terms: [{ loss, weight: 1, parameters: golden.params }],
      });
      expectClose(await gpu.read(result.total), [golden.value], tolerances.companion, loss);
      for (const side of ['queries', 'partners'] as const) {
        const { unit, norm } = sides[side === 'queries' ? 0 : 1]!;
        const dUnit = Float64Array.from(await gpu.read(result.gradients[side]));
        expectGradient(reference.normaliseBackward(unit, norm, dUnit), golden.gradient[side].flat(), side, 1);
      }
      result.release();
    }),
  );
});
