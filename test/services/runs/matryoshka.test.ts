/** Dimensions that a run cannot have. */
import { describe, expect, it } from 'vitest';
import { checkLevels } from '../../../src/services/runs/matryoshka.ts';
import { defaultRunSettings } from '../../../src/train/catalog.ts';

describe('dimensions', () => {
  const losses = defaultRunSettings.losses.sts;
  const angle = [{ loss: 'angle', weight: 1, parameters: {} }] as const;
  it.each([
    ['none', [], 'matryoshka', losses],
    ['a wider one than the vectors', [8, 17], 'matryoshka.1.dimension', losses],
    ['none at all', [0], 'matryoshka.0.dimension', losses],
    ['a fraction', [1.5], 'matryoshka.0.dimension', losses],
    ['one twice', [8, 4, 8], 'matryoshka.2.dimension', losses],
    ['an odd one of AnglE', [8, 5], 'matryoshka.1.dimension', angle],
  ] as const)('%s is refused', (_, dimensions, field, given) => {
    const levels = dimensions.map((dimension) => ({ dimension, weight: 1 }));
    const check = () => checkLevels(levels, { dimension: 16, terms: given, field: 'matryoshka' });
    expect(check).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field }) }),
    );
  });
});
