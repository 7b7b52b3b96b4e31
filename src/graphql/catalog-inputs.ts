/**
 * Types whose fields are the parameters of a catalog's rows, all rows together: `parameters: {power: 0}` beside
 * `method: DELTA_GUIDED`. Which parameter belongs to which row, with its default and range, stands in the descriptions;
 * catalog-parameters.ts checks it.
 */
import type { InputFieldMap, InputObjectRef } from '@pothos/core';
import type { CatalogEntry, CatalogParameter } from '../catalog.ts';
import { enumValueOf } from '../catalog.ts';
import { type GivenParameters, parametersOf } from '../catalog-parameters.ts';
import { invariant } from '../errors.ts';
import { builder, type ExtendedTypes } from './builder.ts';
import { namedEnum } from './enums.ts';

function showDefault(parameter: CatalogParameter): string {
  return parameter.type === 'choice' ? enumValueOf(parameter.default) : String(parameter.default);
}

function showRange(parameter: CatalogParameter): string {
  if (parameter.type !== 'int' && parameter.type !== 'float') return '';
  return ` From ${parameter.min ?? 'any'} to ${parameter.max ?? 'any'}.`;
}

function describe(catalog: readonly CatalogEntry[], parameter: CatalogParameter): string {
  const owners = catalog.flatMap((entry) => {
    const own = entry.parameters.find((candidate) => candidate.name === parameter.name);
    invariant(own === undefined || own.type === parameter.type, `the parameter ${parameter.name} has two types`);
    return own === undefined ? [] : [`${enumValueOf(entry.name)} (default ${showDefault(own)})`];
  });
  return `${parameter.description}${showRange(parameter)} Of ${owners.join(', ')}.`;
}

type Choice = Extract<CatalogParameter, { readonly type: 'choice' }>;
type ChoiceEnum = ReturnType<typeof namedEnum<string>>;
const choiceEnums = new Map<string, ChoiceEnum>();

/** The enum of a parameter with choices: `Fusion` + `Granularity`. */
function choiceEnum(prefix: string, parameter: Choice): ChoiceEnum {
  const typeName = prefix + parameter.name.charAt(0).toUpperCase() + parameter.name.slice(1);
  const known = choiceEnums.get(typeName);
  if (known !== undefined) return known;
  const choices = parameter.choices.map((choice) => [choice, `The choice "${choice}".`] as const);
  const created = namedEnum<string>(typeName, parameter.description, Object.fromEntries(choices));
  choiceEnums.set(typeName, created);
  return created;
}

/** Defines the input type. `prefix` names the enums of choices. */
export function parametersInput(name: string, prefix: string, description: string, catalog: readonly CatalogEntry[]) {
  const ref = builder.inputType(name, {
    description,
    fields: (t) => {
      const fields: InputFieldMap = {};
      for (const parameter of parametersOf(catalog)) {
        const options = { description: describe(catalog, parameter) };
        if (parameter.type === 'choice') {
          fields[parameter.name] = t.field({ type: choiceEnum(prefix, parameter), ...options });
        } else if (parameter.type === 'int') fields[parameter.name] = t.field({ type: 'Int64', ...options });
        else if (parameter.type === 'float') fields[parameter.name] = t.float(options);
        else fields[parameter.name] = t.boolean(options);
      }
      return fields;
    },
  });
  return ref as InputObjectRef<ExtendedTypes, GivenParameters>;
}

/** Defines the output type of the same parameters; null = the row in question has no such parameter. */
export function parametersObject(name: string, prefix: string, description: string, catalog: readonly CatalogEntry[]) {
  return builder.objectRef<GivenParameters>(name).implement({
    description,
    fields: (t) => {
      const entries = parametersOf(catalog).map((parameter) => {
        const type = parameter.type === 'int' ? 'Int64' : parameter.type === 'float' ? 'Float' : 'Boolean';
        const field = t.field({
          type: parameter.type === 'choice' ? choiceEnum(prefix, parameter) : type,
          nullable: true,
          description: describe(catalog, parameter),
          resolve: (values) => values[parameter.name] as never,
        });
        return [parameter.name, field] as const;
      });
      return Object.fromEntries(entries);
    },
  });
}
