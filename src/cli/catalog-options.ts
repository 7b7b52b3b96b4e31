/**
 * Options of a command that are the parameters of a catalog's rows. Names, types, ranges and defaults come from the
 * rows; what is not given is left to the server, which takes the row's default.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { type CatalogEntry, type CatalogParameter, enumValueOf } from '../catalog.ts';
import { parametersOf } from '../catalog-parameters.ts';
import { realNumber, wholeNumber } from './values.ts';

/** Adds an option for every parameter of the catalog, `--random-negatives <n>` for `randomNegatives`. */
export function addCatalogOptions(command: Command, catalog: readonly CatalogEntry[]): Command {
  for (const parameter of parametersOf(catalog)) {
    command.option(flagOf(parameter), describe(catalog, parameter), parserOf(parameter));
  }
  return command;
}

/** The parameters that were given on the command line, as the API's input takes them. */
export function givenParameters(
  catalog: readonly CatalogEntry[],
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const given = parametersOf(catalog).filter(({ name }) => options[name] !== undefined);
  return Object.fromEntries(given.map(({ name }) => [name, options[name]]));
}

/** The names of a catalog's rows, for the description of the option that chooses one. */
export const namesOf = (catalog: readonly CatalogEntry[]): string => catalog.map(({ name }) => name).join(', ');

function flagOf({ name, type }: CatalogParameter): string {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (type === 'boolean') return `${flag} [true|false]`;
  return `${flag} ${type === 'int' ? '<n>' : type === 'float' ? '<x>' : '<name>'}`;
}

/** What it means, its range, and which rows have it with which default. */
function describe(catalog: readonly CatalogEntry[], parameter: CatalogParameter): string {
  const owners = catalog.flatMap((row) => {
    const own = row.parameters.find(({ name }) => name === parameter.name);
    return own ? [{ name: row.name, default: String(own.default) }] : [];
  });
  const isSame = owners.every((owner) => owner.default === owners[0]?.default);
  const rows = owners.length === catalog.length ? '' : `of ${owners.map(({ name }) => name).join(', ')}; `;
  const value = isSame
    ? `default ${owners[0]?.default}`
    : `defaults ${owners.map((owner) => `${owner.name} ${owner.default}`).join(', ')}`;
  return `${parameter.description.replace(/\.$/, '')} (${rows}${rangeOf(parameter)}${value})`;
}

function rangeOf(parameter: CatalogParameter): string {
  if (parameter.type === 'boolean') return '';
  if (parameter.type === 'choice') return `${parameter.choices.join(', ')}; `;
  const { min, max } = parameter;
  return min === undefined || max === undefined ? '' : `${min} to ${max}; `;
}

function parserOf(parameter: CatalogParameter): (text: string) => number | string | boolean {
  if (parameter.type === 'choice') return (text) => enumValueOf(oneOf(parameter.choices, text));
  if (parameter.type === 'boolean') return (text) => oneOf(['true', 'false'], text) === 'true';
  return parameter.type === 'int' ? wholeNumber : realNumber;
}

function oneOf(choices: readonly string[], text: string): string {
  if (choices.includes(text)) return text;
  throw new InvalidArgumentError(`expected ${choices.join(' or ')}.`);
}
