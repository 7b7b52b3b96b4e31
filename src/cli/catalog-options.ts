/**
 * Options of a command from the rows of a catalog: the flags, their ranges, choices and defaults stand in the rows
 * alone. What is not given is not sent, so that the service completes it from the row.
 */
import { type Command, Option } from 'commander';
import { type CatalogEntry, type CatalogParameter, enumValueOf } from '../catalog.ts';
import { parametersOf, rangeOf } from '../catalog-parameters.ts';
import { realNumber, whole } from './values.ts';

/** An option whose value is the name of a row. */
export const rowOption = (flags: string, description: string, catalog: readonly CatalogEntry[]): Option =>
  new Option(flags, description).choices(catalog.map(({ name }) => name));

/**
 * Adds an option for every parameter of the rows: `randomNegatives` becomes `--random-negatives <n>`. A boolean has no
 * value; `--no-` before its name stands for false where a row has true as its default. `notes` adds to the description
 * of a parameter what the command itself does with it.
 */
export function addCatalogOptions(
  command: Command,
  catalog: readonly CatalogEntry[],
  notes: Readonly<Record<string, string>> = {},
): Command {
  for (const parameter of parametersOf(catalog)) {
    const description = describe(catalog, parameter, notes[parameter.name]);
    for (const option of optionsOf(catalog, parameter, description)) command.addOption(option);
  }
  return command;
}

/** The values that the command line gives, as the API's input of these parameters: choices as enum values. */
export function givenParameters<Input extends object>(command: Command, catalog: readonly CatalogEntry[]): Input {
  const given = parametersOf(catalog)
    .filter(({ name }) => command.getOptionValueSource(name) === 'cli')
    .map(({ name, type }) => {
      const value: unknown = command.getOptionValue(name);
      return [name, type === 'choice' ? enumValueOf(value as string) : value] as const;
    });
  return Object.fromEntries(given) as Input;
}

/** `randomNegatives` -> `random-negatives`. */
export const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function optionsOf(catalog: readonly CatalogEntry[], parameter: CatalogParameter, description: string): Option[] {
  const flag = flagOf(parameter.name);
  if (parameter.type === 'boolean') {
    const defaults = new Set(owners(catalog, parameter.name).map((owner) => owner.default));
    return [
      ...(defaults.has(false) ? [new Option(`--${flag}`, description)] : []),
      ...(defaults.has(true) ? [new Option(`--no-${flag}`, `false for: ${description}`)] : []),
    ];
  }
  if (parameter.type === 'choice') return [new Option(`--${flag} <name>`, description).choices(parameter.choices)];
  const parse = parameter.type === 'int' ? whole : realNumber;
  return [new Option(`--${flag} <${parameter.type === 'int' ? 'n' : 'x'}>`, description).argParser(parse)];
}

/** Rows that have the parameter, with the default of each. */
const owners = (catalog: readonly CatalogEntry[], name: string) =>
  catalog.flatMap((row) =>
    row.parameters
      .filter((parameter) => parameter.name === name)
      .map((parameter) => ({ row: row.name, default: parameter.default })),
  );

/** `Scales the merged delta (a number from -4 to 4; default 1; of delta-guided)`. */
function describe(catalog: readonly CatalogEntry[], parameter: CatalogParameter, note?: string): string {
  const rows = owners(catalog, parameter.name);
  const same = rows.every((row) => row.default === rows[0].default);
  const names = rows.map(({ row }) => row).join(', ');
  const facts = [
    ...(parameter.type === 'int' || parameter.type === 'float' ? [rangeOf(parameter)] : []),
    same ? `default ${rows[0].default}` : `default ${rows.map((row) => `${row.default} of ${row.row}`).join(', ')}`,
    ...(same && rows.length < catalog.length ? [`of ${names}`] : []),
    ...(note === undefined ? [] : [note]),
  ];
  return `${parameter.description.replace(/\.$/, '')} (${facts.join('; ')})`;
}
