/** Weights of the checkpoints of a fusion: finite numbers, one each, and no sum of 0 where a method divides by it. */
import { enumValueOf } from '../catalog.ts';
import { badInput } from '../errors.ts';
import { branchOf, hasWeightlessBranch, isZeroSum } from './branches.ts';
import type { FusionEntry } from './catalog.ts';

/**
 * The weights of `count` checkpoints, 1 each where none are given. Throws a BAD_USER_INPUT with the field where the
 * method takes no weights, or not these.
 */
export function readWeights(
  row: FusionEntry,
  count: number,
  given: readonly number[] | null | undefined,
  field: string,
): readonly number[] {
  if (given === null || given === undefined) return Array.from({ length: count }, () => 1);
  if (!row.weighted) {
    throw badInput(`${enumValueOf(row.name)} takes no weights`, {
      field,
      expected: 'no weights',
      remedy: 'Leave them out, or choose a method that takes weights, as LINEAR.',
    });
  }
  if (given.length !== count) {
    throw badInput(`${field} has ${given.length} numbers for ${count} checkpoints`, {
      field,
      expected: `${count} numbers, one for each checkpoint in the order of the checkpoints`,
      remedy: 'Give every checkpoint a weight, or none.',
    });
  }
  refuseInfinite(given, field);
  if (row.dividesBy !== undefined) refuseZeroSum(row.dividesBy, given, field);
  return given;
}

function refuseInfinite(given: readonly number[], field: string): void {
  const at = given.findIndex((weight) => !Number.isFinite(weight));
  if (at < 0) return;
  throw badInput(`A weight is ${given[at]}`, {
    field: `${field}.${at}`,
    expected: 'a finite number',
    remedy: 'Give a number.',
  });
}

function refuseZeroSum(what: 'sum' | 'branch sums', given: readonly number[], field: string): void {
  const isZero = what === 'sum' ? isZeroSum(given) : hasWeightlessBranch(branchOf(given));
  if (!isZero) return;
  const pairs = what === 'sum' ? '' : ', or those of a pair or a half do';
  throw badInput(`The weights ${given.join(', ')} sum to 0${pairs}`, {
    field,
    expected: 'weights whose sums are not 0, since they are divided by them',
    remedy: 'Change a weight, or leave out a checkpoint that is to count nothing.',
  });
}
