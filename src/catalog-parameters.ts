/**
 * The one reader of catalog parameters: values that a caller gives, checked against a catalog row and completed with
 * its defaults. The result is typed from the row, so code behind a row reads its parameters without casts.
 */
import { type CatalogEntry, type CatalogParameter, enumValueOf } from './catalog.ts';
import { badInput } from './errors.ts';

type ParameterValue = number | string | boolean;

/** What callers give: some of a row's parameters by name. Null and undefined stand for the default. */
export type GivenParameters = Readonly<Record<string, ParameterValue | null | undefined>>;

type ValueOf<Parameter> = Parameter extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Parameter extends { readonly type: 'boolean' }
    ? boolean
    : number;

/**
 * The parameters of a row, complete: numbers, booleans, and choices as the union of their names. Of several rows, a
 * union.
 */
export type ParametersOf<Row extends CatalogEntry> = Row extends CatalogEntry
  ? { readonly [Parameter in Row['parameters'][number] as Parameter['name']]: ValueOf<Parameter> }
  : never;

/** The row of a catalog by its name, as a type. */
export type RowOf<Catalog extends readonly CatalogEntry[], Name extends string> = Extract<
  Catalog[number],
  { readonly name: Name }
>;

/** The row of that name. Throws a BAD_USER_INPUT that lists the names where there is none. */
export function rowOf<const Catalog extends readonly CatalogEntry[], Name extends Catalog[number]['name']>(
  catalog: Catalog,
  name: Name,
  field: string,
): RowOf<Catalog, Name> {
  const row = catalog.find((candidate) => candidate.name === name);
  if (row !== undefined) return row as RowOf<Catalog, Name>;
  throw badInput(`${field} is ${JSON.stringify(name)}`, {
    field,
    expected: `one of ${catalog.map((candidate) => candidate.name).join(', ')}`,
    remedy: 'Name one of these.',
  });
}

/** The distinct parameters of a catalog, in order of appearance. */
export function parametersOf(catalog: readonly CatalogEntry[]): readonly CatalogParameter[] {
  const byName = new Map<string, CatalogParameter>();
  for (const parameter of catalog.flatMap((entry) => entry.parameters)) {
    if (!byName.has(parameter.name)) byName.set(parameter.name, parameter);
  }
  return [...byName.values()];
}

/**
 * Every parameter of the row, with the given value or the default. Throws a BAD_USER_INPUT for a parameter that the row
 * does not have, and for a value of another type or out of range; its field is `<field>.<name>`.
 */
export function readParameters<Row extends CatalogEntry>(
  row: Row,
  given: GivenParameters,
  field: string,
): ParametersOf<Row> {
  refuseUnknown(row, given, field);
  const values = row.parameters.map((parameter) => {
    const value = given[parameter.name] ?? parameter.default;
    if (!accepts(parameter, value)) throw refused(parameter, value, `${field}.${parameter.name}`);
    return [parameter.name, value] as const;
  });
  return Object.fromEntries(values) as ParametersOf<Row>;
}

function refuseUnknown(row: CatalogEntry, given: GivenParameters, field: string): void {
  const names = row.parameters.map(({ name }) => name);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || names.includes(name)) continue;
    throw badInput(`${enumValueOf(row.name)} has no parameter "${name}"`, {
      field: `${field}.${name}`,
      expected: names.length === 0 ? 'no parameters' : `only ${names.join(', ')}`,
      remedy: `Leave ${name} out.`,
    });
  }
}

const refused = (parameter: CatalogParameter, value: ParameterValue, field: string) =>
  badInput(`${parameter.name} is ${String(value)}`, {
    field,
    expected: rangeOf(parameter),
    remedy: `Give ${rangeOf(parameter)}, or leave it out for ${String(parameter.default)}.`,
  });

/** What values the parameter takes, in words: `a whole number from 1 to 96`. */
export function rangeOf(parameter: CatalogParameter): string {
  if (parameter.type === 'choice') return `one of ${parameter.choices.map(enumValueOf).join(', ')}`;
  if (parameter.type === 'boolean') return 'true or false';
  const { type, min, max } = parameter;
  const bounds = [min === undefined ? [] : [`from ${min}`], max === undefined ? [] : [`to ${max}`]].flat();
  return [type === 'int' ? 'a whole number' : 'a number', ...bounds].join(' ');
}

function accepts(parameter: CatalogParameter, value: ParameterValue): boolean {
  if (parameter.type === 'choice') return typeof value === 'string' && parameter.choices.includes(value);
  if (parameter.type === 'boolean') return typeof value === 'boolean';
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  if (parameter.type === 'int' && !Number.isSafeInteger(value)) return false;
  return value >= (parameter.min ?? -Infinity) && value <= (parameter.max ?? Infinity);
}
