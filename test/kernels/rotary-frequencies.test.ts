import { describe, expect, it } from 'vitest';
import { rotaryTable } from '../../src/kernels/rotary.ts';
import { rotaryFrequencies } from '../../src/kernels/rotary-frequencies.ts';
import type { RopeScaling } from '../../src/model/types.ts';

/** ROPE_INIT_FUNCTIONS of transformers 5.23.0, torch 2.13.0: f32, D 16, base 10000. */
const goldens: readonly (readonly [RopeScaling, readonly number[]])[] = [
  [
    { type: 'linear', factor: 3 },
    [
      0.3333333432674408, 0.10540925711393356, 0.03333333507180214, 0.010540925897657871, 0.003333333181217313,
      0.0010540926596149802, 0.0003333333588670939, 0.0001054092645063065,
    ],
  ],
  [
    { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 64 },
    [
      1, 0.24438458681106567, 0.013042256236076355, 0.0039528473280370235, 0.0012499999720603228,
      0.00039528473280370235, 0.0001250000059371814, 3.9528473280370235e-5,
    ],
  ],
  [
    {
      ...{ type: 'yarn', factor: 3, originalPositions: 4096, betaFast: 32, betaSlow: 1, truncate: true },
      attentionFactor: 1.109861228866811,
    },
    [
      1, 0.3162277638912201, 0.10000000149011612, 0.02635231427848339, 0.006666666828095913, 0.0015811389312148094,
      0.00033333332976326346, 0.00010540925723034889,
    ],
  ],
  [
    {
      ...{ type: 'yarn', factor: 3, originalPositions: 4096, betaFast: 20, betaSlow: 2, truncate: false },
      attentionFactor: 0.8,
    },
    [
      1, 0.3162277638912201, 0.10000000149011612, 0.03162277862429619, 0.006754334084689617, 0.001081815455108881,
      0.00033333332976326346, 0.00010540925723034889,
    ],
  ],
];

describe('stretched frequencies', () => {
  it.each(goldens)('of %j are those of transformers, bit for bit', (scaling, expected) => {
    const { frequencies, amplitude } = rotaryFrequencies(16, 10_000, scaling);
    expect([...frequencies]).toEqual(expected);
    expect(amplitude).toBe(scaling.type === 'yarn' ? scaling.attentionFactor : 1);
  });

  it('scale cosines and sines by the amplitude', () => {
    const table = rotaryTable(2, 16, 10_000, goldens.at(-1)?.[0]);
    expect([...table.slice(0, 8)]).toEqual(Array(8).fill(Math.fround(0.8)));
    expect(table[16]).toBe(Math.fround(0.8 * Math.cos(1)));
    expect(table[24]).toBe(Math.fround(0.8 * Math.sin(1)));
  });
});
