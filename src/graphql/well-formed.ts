/**
 * The one check of every string and every JSON value that a caller gives, before any resolver sees it: what neither the
 * database nor a file of UTF-8 can keep as it came is refused with the path of its argument.
 */
import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql';
import { badInput, type TandemError } from '../errors.ts';
import { json } from './scalars.ts';

/** Levels of objects and lists in a JSON value. */
const deepestJson = 64;

/** Queries that compute with texts and keep none: a NUL character is a character to a tokenizer. */
const keepsNothing: ReadonlySet<string> = new Set(['embed', 'similarity', 'search', 'tokenize']);

type Values = Readonly<Record<string, unknown>>;

/** Has every field of the schema check its arguments; returns the schema. */
export function withWellFormedArguments(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.args.length === 0) continue;
      const mayHaveNul = type === schema.getQueryType() && keepsNothing.has(field.name);
      const check = (given: Values): void => {
        for (const { name, type: expected } of field.args) checkValue(given[name], expected, name, mayHaveNul);
      };
      field.resolve = after(check, field.resolve);
      field.subscribe = after(check, field.subscribe);
    }
  }
  return schema;
}

type Resolver = (parent: unknown, args: Values, ...rest: never[]) => unknown;

/** A resolver behind a check of its arguments; a field without one stays without. */
function after<Given>(check: (args: Values) => void, resolver: Given): Given {
  if (typeof resolver !== 'function') return resolver;
  const checked: Resolver = (parent, args, ...rest) => {
    check(args);
    return (resolver as unknown as Resolver)(parent, args, ...rest);
  };
  return checked as unknown as Given;
}

function checkValue(value: unknown, type: GraphQLInputType, path: string, mayHaveNul: boolean): void {
  if (value === null || value === undefined) return;
  const expected = getNullableType(type);
  if (isListType(expected)) {
    const { ofType } = expected;
    for (const [i, item] of (value as readonly unknown[]).entries())
      checkValue(item, ofType, `${path}.${i}`, mayHaveNul);
  } else if (isInputObjectType(expected)) {
    for (const { name, type: inner } of Object.values(expected.getFields())) {
      checkValue((value as Values)[name], inner, `${path}.${name}`, mayHaveNul);
    }
  } else if (expected === json || expected.name === json.name) checkJson(value, path, 1);
  else if (typeof value === 'string') {
    checkHalves(value, path);
    if (!mayHaveNul) checkNul(value, path);
  }
}

/** Throws BAD_USER_INPUT for half a surrogate pair. `what` is what people call the string. */
function checkHalves(text: string, field: string, what = field): void {
  if (text.isWellFormed()) return;
  throw badInput(`${what} has half a surrogate pair, which is no character`, {
    field,
    expected: 'Unicode text',
    remedy: 'Cut texts between characters, not inside one, or remove the half.',
  });
}

function checkNul(text: string, field: string, what = field): void {
  if (!text.includes('\0')) return;
  throw badInput(`${what} has a NUL character (U+0000), which cannot be stored`, {
    field,
    expected: 'text without U+0000',
    remedy: 'Remove it.',
  });
}

function checkKept(text: string, field: string, what = field): void {
  checkHalves(text, field, what);
  checkNul(text, field, what);
}

function checkJson(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') checkKept(value, path);
  else if (typeof value === 'number') checkNumber(value, path);
  else if (typeof value === 'object' && value !== null) {
    if (depth > deepestJson) throw tooDeep(path);
    for (const [key, inner] of Object.entries(value)) {
      checkKept(key, path, `A key of ${path}`);
      checkJson(inner, `${path}.${key}`, depth + 1);
    }
  }
}

/** The field is cut: the path of a value that is nested thousands of levels deep says nothing. */
const tooDeep = (path: string): TandemError =>
  badInput(`The JSON value is nested more than ${deepestJson} levels deep`, {
    field: path.slice(0, 200),
    expected: `at most ${deepestJson} levels of objects and lists`,
    remedy: 'Make it flatter, or give the inner part as one string.',
  });

/** JSON of the wire may have more digits than JavaScript's numbers keep: those would be stored as another number. */
function checkNumber(value: number, field: string): void {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
  throw badInput(`${field} is a number that would be rounded`, {
    field,
    expected: 'whole numbers from -(2^53 - 1) to 2^53 - 1',
    remedy: 'Give it as a string of digits.',
  });
}
