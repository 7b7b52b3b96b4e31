/** The scalars beyond GraphQL's own. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { beginsWithDay } from '../days.ts';

const refused = (message: string, expected: string) =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', expected } });

const int64Expected = 'a whole number from -(2^53 - 1) to 2^53 - 1, as a JSON number or as a string of digits';

function readInt64(value: unknown): number {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  if (typeof number === 'bigint') return readInt64(number.toString());
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw refused(`Int64 cannot represent ${JSON.stringify(value) ?? String(value)}`, int64Expected);
  }
  return number;
}

/** Bytes, tokens, sequence numbers: more than GraphQL's 32-bit Int, exact in every JSON parser, never rounded. */
export const int64 = new GraphQLScalarType<number, number>({
  name: 'Int64',
  description:
    'A whole number beyond 32 bits (bytes, tokens, sequence numbers). A JSON number, exact up to 2^53 - 1 either way; what would be rounded is refused. A string of digits is accepted too.',
  serialize: readInt64,
  parseValue: readInt64,
  parseLiteral(node: ValueNode) {
    if (node.kind === Kind.INT || node.kind === Kind.STRING) return readInt64(node.value);
    throw refused('Int64 cannot represent this literal', int64Expected);
  },
});

const dateExpected =
  'an ISO 8601 instant of the years 1 to 9999 with Z or its offset, for example 2026-01-31T12:00:00.000Z';

/** Without an offset it would be another moment in every time zone. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i;

/** Null where it is none. */
function dateIn(text: string): Date | null {
  const date = new Date(text);
  const year = date.getUTCFullYear();
  return instant.test(text) && beginsWithDay(text) && year >= 1 && year <= 9_999 ? date : null;
}

function readDate(value: unknown): Date {
  const date = typeof value === 'string' ? dateIn(value) : value;
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) {
    throw refused(`DateTime cannot represent ${JSON.stringify(value) ?? String(value)}`, dateExpected);
  }
  return date;
}

export const dateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: `A moment in UTC: ${dateExpected}.`,
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (value) => readDate(value).toISOString(),
  parseValue: readDate,
  parseLiteral(node) {
    if (node.kind === Kind.STRING) return readDate(node.value);
    throw refused('DateTime cannot represent this literal', dateExpected);
  },
});

function literal(node: ValueNode, variables: Readonly<Record<string, unknown>> | null | undefined): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((value) => literal(value, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, literal(field.value, variables)]));
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    default:
      return node.value;
  }
}

/** Free-form values, where a schema would be a lie: the metadata of a collection's document. */
export const json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value; only where the content is free-form.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: literal,
});
