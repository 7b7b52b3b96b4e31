/** The values that a search tries of a parameter. */
import type { CatalogParameter } from '../../catalog.ts';
import { invariant } from '../../errors.ts';
import { searchedValues } from './catalog.ts';

export const isNumeric = ({ type }: CatalogParameter): boolean => type === 'float' || type === 'int';

/** What is tried of a parameter. */
export function valuesOf(parameter: CatalogParameter): readonly (number | string | boolean)[] {
  if (parameter.type === 'choice') return parameter.choices;
  if (parameter.type === 'boolean') return [false, true];
  const { name, min = -Infinity, max = Infinity } = parameter;
  const values: readonly number[] | undefined = Object.entries(searchedValues).find(([key]) => key === name)?.[1];
  invariant(values, `The catalog of the search has no values of ${name}`);
  return values.filter((value) => value >= min && value <= max);
}

/** The next smaller and the next larger value. */
export const beside = (values: readonly number[], own: number): number[] =>
  [values.findLast((value) => value < own), values.find((value) => value > own)].filter((value) => value !== undefined);
