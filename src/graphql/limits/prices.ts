/**
 * What each field of the schema adds to the cost of an operation: the objects that it may return. The library
 * (@pothos/plugin-complexity) multiplies the prices along each path. They follow from the shape of a field, so a new
 * field has one at once.
 */
import type { FieldComplexity } from '@pothos/plugin-complexity';
import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
} from 'graphql';
import { defaultPageSize } from '../lists/window.ts';

/** What a price may depend on besides arguments. */
export interface PriceContext {
  /** The longest page that is served, in items. */
  readonly pageSize: number;
}

type Field = GraphQLField<unknown, unknown>;

/** Arguments that say how long the list below them is at most, or are as long; absent or null: the default page. */
const sizeArguments = ['first', 'last', 'k', 'ids'];
/** The length that a list without such an argument is counted with: attempts, evaluations, data sets of a run. */
const unpagedSize = 10;

const isSized = ({ args }: Field) => args.some(({ name }) => sizeArguments.includes(name));
const isList = ({ type }: Field) => isListType(getNullableType(type));

const isCount = (value: unknown): value is number => typeof value === 'number';

function sizeOf(args: Readonly<Record<string, unknown>>, { pageSize }: PriceContext): number {
  const given = sizeArguments.map((name) => args[name]);
  const asked = given.map((value) => (Array.isArray(value) ? value.length : value)).find(isCount);
  return Math.min(Math.max(asked ?? defaultPageSize, 0), pageSize);
}

/** `isPage` = the parent is one page, whose size the field that returns it multiplies. */
function priceOf(field: Field, isPage: boolean): FieldComplexity<PriceContext, Readonly<Record<string, unknown>>> {
  const type = getNamedType(field.type);
  // PageInfo holds four leaves and belongs to the connection around it.
  if (isLeafType(type) || type.name === 'PageInfo') return 0;
  if (isSized(field)) {
    return (args, context) => {
      const size = sizeOf(args, context);
      return { field: isList(field) ? size : 1, multiplier: size };
    };
  }
  const size = isList(field) && !isPage ? unpagedSize : 1;
  return { field: size, multiplier: size };
}

/** Gives every field of the schema its price, in the extension where the library looks for it; returns the schema. */
export function withPrices(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
  const fieldsOf = (type: (typeof types)[number]): Field[] => Object.values(type.getFields());
  const sized = types.flatMap(fieldsOf).filter((field) => isSized(field) && !isList(field));
  const pages = new Set(sized.map(({ type }) => getNamedType(type)));
  for (const type of types) {
    for (const field of fieldsOf(type)) {
      field.extensions = { ...field.extensions, complexity: priceOf(field, pages.has(type)) };
    }
  }
  return schema;
}
