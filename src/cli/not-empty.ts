/**
 * Refuses empty values on the command line: `--checkpoint "$BEST"` with an unset variable must not mean "any", or what
 * is there without the option.
 */
import type { Command } from 'commander';
import { badInput } from '../errors.ts';

/** Options of which an empty text is a value. */
const mayBeEmpty = ['instruction'];

/** Throws BAD_USER_INPUT for the first option or argument that is given as blank text. */
export function refuseEmpty(command: Command): void {
  for (let from: Command | null = command; from; from = from.parent) {
    for (const option of from.options) {
      const name = option.attributeName();
      if (from.getOptionValueSource(name) !== 'cli' || mayBeEmpty.includes(name)) continue;
      if (isBlank(from.getOptionValue(name))) throw empty(option.long ?? name);
    }
  }
  for (const [i, value] of command.args.entries()) {
    if (isBlank(value)) throw empty(command.registeredArguments[i]?.name() ?? 'argument');
  }
}

const isBlank = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(isBlank) : typeof value === 'string' && value.trim() === '';

const empty = (field: string) =>
  badInput(`${field} is empty`, {
    field,
    expected: 'a value',
    remedy: 'leave it out if nothing is meant; a variable of the shell may be unset',
  });
