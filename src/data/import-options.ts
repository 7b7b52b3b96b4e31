/** An importer's options against its catalog row: unknown names, wrong types and ranges are refused, defaults filled in. */
import type { CatalogEntry, CatalogParameter } from '../catalog.ts';
import { badInput } from '../errors.ts';

type Value = number | string | boolean;

export function readImportOptions(entry: CatalogEntry, given: Readonly<Record<string, Value>>): Record<string, Value> {
  const known = entry.parameters.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw badInput(`Importer ${entry.name} has no option "${unknown}"`, {
      field: `options.${unknown}`,
      expected: known.join(', '),
    });
  }
  return Object.fromEntries(
    entry.parameters.map((parameter) => [parameter.name, readValue(parameter, given[parameter.name])]),
  );
}

function readValue(parameter: CatalogParameter, value: Value | undefined): Value {
  if (value === undefined) return parameter.default;
  const expected = expectation(parameter);
  if (fits(parameter, value)) return value;
  throw badInput(`Option ${parameter.name} is ${JSON.stringify(value)}`, {
    field: `options.${parameter.name}`,
    expected,
  });
}

function fits(parameter: CatalogParameter, value: Value): boolean {
  switch (parameter.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && parameter.choices.includes(value);
    default: {
      const { min = -Infinity, max = Infinity } = parameter;
      const whole = parameter.type === 'float' || Number.isInteger(value);
      return typeof value === 'number' && whole && value >= min && value <= max;
    }
  }
}

function expectation(parameter: CatalogParameter): string {
  switch (parameter.type) {
    case 'boolean':
      return 'true or false';
    case 'choice':
      return parameter.choices.join(', ');
    default:
      return `${parameter.type === 'int' ? 'a whole number' : 'a number'} from ${parameter.min} to ${parameter.max}`;
  }
}
