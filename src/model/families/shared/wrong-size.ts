import { badInput, type TandemError } from '../../../errors.ts';

/** The error for a parameter of a new architecture; its field is `architecture.<name>`. */
export const wrongSize = (name: string, value: number, expected: string): TandemError =>
  badInput(`architecture.${name} is ${value}`, { field: `architecture.${name}`, expected });
