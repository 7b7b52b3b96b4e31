/**
 * Arguments as the audit log keeps them: ids, numbers, times and choices as they are. Of every text only the length is
 * kept, since it may be a document, or a secret.
 */
import {
  type GraphQLArgument,
  type GraphQLInputType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
} from 'graphql';
import { parseGlobalId } from '../../db/global-id.ts';

type Values = Readonly<Record<string, unknown>>;

export interface AuditArguments {
  readonly arguments: Values;
  /** The global ids among them. */
  readonly touched: readonly string[];
}

/** Items of a list that are shown one by one; of a longer one only their number is kept. */
const mostItems = 10;
/** Values of one request; what follows is left out. */
const mostValues = 500;

export function argumentsOf(args: readonly GraphQLArgument[], given: Values): AuditArguments {
  const touched: string[] = [];
  let left = mostValues;

  function shown(value: unknown, type: GraphQLInputType): unknown {
    if (value === null || value === undefined) return null;
    const expected = getNullableType(type);
    if (isListType(expected)) return list(value as readonly unknown[], expected.ofType);
    if (left-- <= 0) return '(left out)';
    if (isInputObjectType(expected)) return fields(Object.values(expected.getFields()), value as Values);
    if (isEnumType(expected)) return expected.serialize(value);
    if (value instanceof Date) return value.toISOString();
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    return typeof value === 'string' ? text(value, expected.name === 'ID') : '(JSON)';
  }

  function text(value: string, isId: boolean): string {
    if (!isId || parseGlobalId(value) === null) return `(${value.length} characters)`;
    touched.push(value);
    return value;
  }

  function list(items: readonly unknown[], type: GraphQLInputType): unknown {
    const all = items.length <= mostItems;
    if (!all && isId(type)) for (const item of items) text(String(item), true);
    return all ? items.map((item) => shown(item, type)) : `(${items.length} items)`;
  }

  const fields = (
    expected: readonly { readonly name: string; readonly type: GraphQLInputType }[],
    values: Values,
  ): Values =>
    Object.fromEntries(
      expected
        .filter(({ name }) => values[name] !== undefined)
        .map(({ name, type }) => [name, shown(values[name], type)]),
    );

  return { arguments: fields(args, given), touched };
}

const isId = (type: GraphQLInputType): boolean => String(getNullableType(type)) === 'ID';
