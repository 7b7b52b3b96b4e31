/** The dimensions of a Matryoshka run, as a request names them. */
import { badInput } from '../../errors.ts';
import type { LossTerm } from '../../nn/losses/catalog.ts';
import type { MatryoshkaLevel } from '../../train/catalog.ts';

/** Refuses levels that a model of this dimension, or a loss of the run, cannot have. */
export function checkLevels(
  levels: readonly MatryoshkaLevel[],
  {
    dimension,
    terms,
    field,
  }: { readonly dimension: number; readonly terms: readonly LossTerm[]; readonly field: string },
): void {
  const expected = `different dimensions from 1 to ${dimension}, the model's`;
  if (levels.length === 0) throw badInput('Matryoshka names no dimension', { field, expected });
  levels.forEach((level, index) => {
    const at = `${field}.${index}.dimension`;
    if (!Number.isInteger(level.dimension) || level.dimension < 1 || level.dimension > dimension) {
      throw badInput(`Matryoshka names the dimension ${level.dimension}, the model's vectors have ${dimension}`, {
        field: at,
        expected,
      });
    }
    if (levels.findIndex((other) => other.dimension === level.dimension) !== index) {
      throw badInput(`Matryoshka names the dimension ${level.dimension} twice`, {
        field: at,
        expected,
        remedy: 'Raise its weight instead.',
      });
    }
    if (level.dimension % 2 === 1 && terms.some(({ loss }) => loss === 'angle')) {
      throw badInput(`AnglE needs two halves of a vector, Matryoshka names the dimension ${level.dimension}`, {
        field: at,
        expected: 'an even dimension',
        remedy: 'Use cosent, or an even dimension.',
      });
    }
  });
}
