/** The descriptions of the schema are sentences in plain words. */
import {
  type GraphQLNamedType,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';

const types: readonly GraphQLNamedType[] = Object.values(schema.getTypeMap()).filter(
  (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
);

/** Every description of a type, field, argument and enum value, by its coordinate in the schema. */
function descriptions(): [string, string][] {
  return types.flatMap((type) => {
    const own: [string, string][] = [[type.name, type.description ?? '']];
    if (isEnumType(type)) {
      for (const value of type.getValues()) own.push([`${type.name}.${value.name}`, value.description ?? '']);
    }
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        own.push([`${type.name}.${field.name}`, field.description ?? '']);
        const args = 'args' in field ? field.args : [];
        for (const arg of args) own.push([`${type.name}.${field.name}(${arg.name})`, arg.description ?? '']);
      }
    }
    return own;
  });
}

const banned =
  /so-many|so-manieth|strangers?\b|\bwhoever\b|\btold\b|so many|^Said\b|^What \w+ (made|did|wrote)\.$|^(What|Why|Which|Speed|Name|Size)\.$/i;

/** What is wrong with a description; null if nothing is. */
function fault(text: string): string | null {
  if (text.trim().split(/\s+/).length < 3) return 'has fewer than three words';
  if (!text.trimEnd().endsWith('.')) return 'does not end in a full stop';
  return banned.test(text) ? 'uses a banned word' : null;
}

it('has a description of at least three plain words everywhere', () => {
  const all = descriptions();
  expect(all.length).toBeGreaterThan(900);
  expect(all.filter(([, text]) => fault(text) !== null)).toEqual([]);
});

it.each([
  ['', 'has fewer than three words'],
  ['Why.', 'has fewer than three words'],
  ['The name of the run', 'does not end in a full stop'],
  ['Every so-manieth block attends globally.', 'uses a banned word'],
])('rejects "%s"', (text, expected) => {
  expect(fault(text)).toBe(expected);
});

/** What may be null: an output says when, an input or an argument says what null or absence means. */
interface Nullable {
  readonly coordinate: string;
  readonly isOutput: boolean;
  readonly description: string;
  /** Of the type around it, which may say it for all of its fields. */
  readonly around: string;
}

function nullables(): Nullable[] {
  const found: Nullable[] = [];
  const add = (type: GraphQLType, entry: Nullable): void => void (isNonNullType(type) || found.push(entry));
  for (const type of types) {
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    const around = type.description ?? '';
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      add(field.type, { coordinate, isOutput: 'args' in field, description: field.description ?? '', around });
      for (const arg of 'args' in field ? field.args : []) {
        const description = arg.description ?? '';
        add(arg.type, { coordinate: `${coordinate}(${arg.name})`, isOutput: false, description, around: '' });
      }
    }
  }
  return found;
}

const saysWhen = ({ isOutput, description, around }: Nullable) =>
  (isOutput ? /\bnull\b/i : /\b(null|absent|default)\b/i).test(`${description} ${around}`);

it('says of everything that may be null when it is, or what null means', () => {
  const all = nullables();
  expect(all.length).toBeGreaterThan(150);
  expect(all.filter((entry) => !saysWhen(entry))).toEqual([]);
});

it.each([
  ['When it ended.', true, false],
  ['When it ended; null while it runs.', true, true],
  ['The number of layers (default 2).', true, false],
  ['The number of layers (default 2).', false, true],
  ['Only jobs in this state.', false, false],
])('takes "%s" (output: %s) to say so: %s', (description, isOutput, expected) => {
  expect(saysWhen({ coordinate: 'A.b', isOutput, description, around: '' })).toBe(expected);
});
