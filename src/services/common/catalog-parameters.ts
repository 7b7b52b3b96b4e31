/** Parameters of a catalog's row as a caller gives them: names, types and ranges checked, defaults filled in. */
import { type CatalogEntry, type CatalogParameter, enumValueOf } from '../../catalog.ts';
import { badInput } from '../../errors.ts';

type ParameterValue = number | string | boolean;
export type ParameterValues = Readonly<Record<string, ParameterValue | null | undefined>>;

/** The distinct parameters of a catalog, in order of appearance. */
export function parametersOf(catalog: readonly CatalogEntry[]): readonly CatalogParameter[] {
  const byName = new Map<string, CatalogParameter>();
  for (const parameter of catalog.flatMap((entry) => entry.parameters)) {
    if (!byName.has(parameter.name)) byName.set(parameter.name, parameter);
  }
  return [...byName.values()];
}

function rangeOf(parameter: CatalogParameter): string {
  if (parameter.type === 'choice') return `one of ${parameter.choices.map(enumValueOf).join(', ')}`;
  if (parameter.type === 'boolean') return 'true or false';
  const kind = parameter.type === 'int' ? 'a whole number' : 'a number';
  return `${kind} from ${parameter.min ?? 'any'} to ${parameter.max ?? 'any'}`;
}

function accepts(parameter: CatalogParameter, value: ParameterValue): boolean {
  if (parameter.type === 'choice') return typeof value === 'string' && parameter.choices.includes(value);
  if (parameter.type === 'boolean') return typeof value === 'boolean';
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  if (parameter.type === 'int' && !Number.isSafeInteger(value)) return false;
  return value >= (parameter.min ?? -Infinity) && value <= (parameter.max ?? Infinity);
}

/** Every parameter of the row with the given or the default value. Refuses a parameter that is not the row's. */
export function fillParameters(entry: CatalogEntry, given: ParameterValues, field: string) {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== null && !entry.parameters.some((parameter) => parameter.name === name)) {
      const names = entry.parameters.map((parameter) => parameter.name);
      throw badInput(`${enumValueOf(entry.name)} has no parameter "${name}"`, {
        field: `${field}.${name}`,
        expected: names.length === 0 ? 'no parameters' : `only ${names.join(', ')}`,
        remedy: `Leave ${name} out.`,
      });
    }
  }
  const filled = entry.parameters.map((parameter) => {
    const value: ParameterValue = given[parameter.name] ?? parameter.default;
    if (!accepts(parameter, value)) {
      throw badInput(`${parameter.name} is ${String(value)}`, {
        field: `${field}.${parameter.name}`,
        expected: rangeOf(parameter),
        remedy: `Give ${rangeOf(parameter)}, or leave it out for ${String(parameter.default)}.`,
      });
    }
    return [parameter.name, value] as const;
  });
  return Object.fromEntries(filled);
}
