/** The inputs of a list, derived from its description: XFilter, XOrderField and XOrder. */
import { enumValueOf } from '../../catalog.ts';
import { type FilterField, filterFieldsOf, type Taken } from '../../services/common/listing/filter-fields.ts';
import type { Filter, List, Order } from '../../services/common/listing/types.ts';
import { builder, type ExtendedTypes } from '../builder.ts';
import { OrderDirection } from '../enums.ts';
import { ranges } from './ranges.ts';

type Fields = PothosSchemaTypes.InputFieldBuilder<ExtendedTypes, 'InputObject'>;
type EnumRef = PothosSchemaTypes.EnumRef<ExtendedTypes, string, string>;

export interface InputOptions {
  /** The GraphQL enum of each column of that kind. */
  readonly enums?: Readonly<Record<string, unknown>>;
  /** The fields of an order that columns with an argument need. */
  readonly orderArguments?: (t: Fields) => object;
}

/** `name` is that of the type whose list it is. */
export function listInputs(list: List, name: string, { enums = {}, orderArguments }: InputOptions) {
  return {
    filter: filterInput(list, `${name}Filter`, enums),
    orderBy: orderInput(list, `${name}Order`, orderArguments),
  };
}

function filterInput(list: List, name: string, enums: NonNullable<InputOptions['enums']>) {
  const ref = builder.inputRef<Filter>(name);
  const typeOf = (takes: Taken): never => {
    if (takes.of === 'enum') return enums[takes.column] as never;
    if (takes.of === 'range') return ranges[takes.kind as keyof typeof ranges] as never;
    return ({ text: 'String', boolean: 'Boolean', id: 'ID' } as const)[takes.of] as never;
  };
  const inputField = (t: Fields, { takes, many, says }: FilterField) =>
    t.field({ type: many ? ([typeOf(takes)] as never) : typeOf(takes), description: says });
  ref.implement({
    description: `Conditions that ${list.called} must meet, joined by and; absent and null fields do not restrict.`,
    fields: (t) => ({
      ...Object.fromEntries(Object.entries(filterFieldsOf(list)).map(([key, field]) => [key, inputField(t, field)])),
      and: t.field({
        type: [ref],
        description: 'All of these must hold; absent, null and an empty list restrict nothing.',
      }),
      or: t.field({
        type: [ref],
        description: 'One of these must hold; absent or null does not restrict, and an empty list matches none.',
      }),
      not: t.field({ type: ref, description: 'This must not hold; absent or null does not restrict.' }),
    }),
  });
  return ref;
}

const movesSays = ' It may change meanwhile, and an item then moves from one page to another.';

function orderInput(list: List, name: string, orderArguments: InputOptions['orderArguments']) {
  const sorted = Object.entries(list.columns).filter(([, column]) => column.sorted);
  const field = builder.enumType<string, Record<string, { value: string; description: string }>>(`${name}Field`, {
    description: `What ${list.called} are ordered by.`,
    values: Object.fromEntries(
      sorted.map(([key, { says, changes }]) => [
        enumValueOf(key.replace(/[A-Z]/g, (letter) => `-${letter}`)),
        { value: key, description: `By the ${says}.${changes ? movesSays : ''}` },
      ]),
    ),
  }) as EnumRef;
  const ref = builder.inputRef<Order>(name);
  ref.implement({
    description: `One term of an order of ${list.called}; null comes last in either direction.`,
    fields: (t) => ({
      field: t.field({ type: field, required: true, description: 'The field to order by.' }),
      direction: t.field({
        type: OrderDirection,
        required: true,
        defaultValue: 'asc',
        description: 'The direction of the order.',
      }),
      ...orderArguments?.(t),
    }),
  });
  return ref;
}
