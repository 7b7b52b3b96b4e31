import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from '../../../src/evaluation/statistics/bootstrap.ts';
import type { PairedUnits } from '../../../src/evaluation/statistics/paired-units.ts';
import { percentile } from '../../../src/evaluation/statistics/percentile.ts';
import { randomisationTest } from '../../../src/evaluation/statistics/randomisation.ts';
import { RandomStream } from '../../../src/random/keyed.ts';
import { bootstrapDifferences, randomisationP } from '../../reference/statistics.ts';

const pause = () => Promise.resolve();
const random = new RandomStream(11);
const list = (length: number, value: () => number) => Array.from({ length }, value);
const continuous = () => random.float();
const tied = () => random.below(4) / 4;

const cases: Readonly<Record<string, PairedUnits>> = {
  'retrieval of 37 queries': { task: 'ir', first: list(37, continuous), second: list(37, continuous) },
  'retrieval with equal figures': { task: 'ir', first: list(41, tied), second: list(41, tied) },
  'equal systems of retrieval': { task: 'ir', first: [0.2, 0.5, 1], second: [0.2, 0.5, 1] },
  'one query': { task: 'ir', first: [0.25], second: [0.5] },
  'similarity of 33 pairs': {
    ...{ task: 'sts', first: list(33, continuous), second: list(33, continuous), grades: list(33, continuous) },
  },
  'similarity with ties': { task: 'sts', first: list(45, tied), second: list(45, tied), grades: list(45, tied) },
  'three pairs, often undefined': { task: 'sts', first: [0.1, 0.3, 0.2], second: [0.3, 0.2, 0.1], grades: [0, 0, 1] },
};

describe.each(Object.entries(cases))('%s', (_, units) => {
  it.each([1, 7])('has the bootstrap interval of the reference with seed %i', async (seed) => {
    const found = await pairedBootstrap(units, { resamples: 301, seed, pause });
    const expected = bootstrapDifferences(units, 301, seed);
    expect(found?.resamples).toBe(expected.length);
    expect(Math.abs(found!.low - percentile(expected, 0.025))).toBeLessThan(1e-12);
    expect(Math.abs(found!.high - percentile(expected, 0.975))).toBeLessThan(1e-12);
    const mean = expected.reduce((sum, value) => sum + value, 0) / expected.length;
    const variance = expected.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (expected.length - 1);
    expect(Math.abs(found!.standardError - Math.sqrt(variance))).toBeLessThan(1e-12);
  });

  it.each([1, 7])('has the p of the reference with seed %i', async (seed) => {
    const found = await randomisationTest(units, { rounds: 301, seed, pause });
    expect(found).toEqual({ p: randomisationP(units, 301, seed), rounds: 301 });
  });
});

describe('tests without an answer', () => {
  const flat: PairedUnits = { task: 'sts', first: [1, 1, 1], second: [0.1, 0.2, 0.3], grades: [0, 0.5, 1] };
  const single: PairedUnits = { task: 'sts', first: [1], second: [0.1], grades: [0] };
  const empty: PairedUnits = { task: 'ir', first: [], second: [] };

  it.each([flat, single])('are null for similarity whose correlation is undefined', async (units) => {
    expect(await pairedBootstrap(units, { resamples: 20, seed: 1, pause })).toBeNull();
    expect(await randomisationTest(units, { rounds: 20, seed: 1, pause })).toBeNull();
  });

  it('are null without units', async () => {
    expect(await pairedBootstrap(empty, { resamples: 20, seed: 1, pause })).toBeNull();
    expect(await randomisationTest(empty, { rounds: 20, seed: 1, pause })).toBeNull();
  });

  it('end with what the pause throws', async () => {
    const stop = () => Promise.reject(new Error('stopped'));
    const units = cases['one query']!;
    await expect(pairedBootstrap(units, { resamples: 20, seed: 1, pause: stop })).rejects.toThrow('stopped');
    await expect(randomisationTest(units, { rounds: 20, seed: 1, pause: stop })).rejects.toThrow('stopped');
  });
});

describe('percentile', () => {
  it('interpolates as numpy does', () => {
    const values = [1, 2, 4, 8, 16];
    // numpy.percentile([1, 2, 4, 8, 16], [0, 2.5, 50, 97.5, 100]), numpy 2.4
    expect([0, 0.025, 0.5, 0.975, 1].map((share) => percentile(values, share))).toEqual([1, 1.1, 4, 15.2, 16]);
  });
});
