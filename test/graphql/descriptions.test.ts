/** The descriptions of the schema are sentences in plain words. */
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, isSpecifiedScalarType } from 'graphql';
import { expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';

/** Every description of a type, field, argument and enum value, by its coordinate in the schema. */
function descriptions(): [string, string][] {
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
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

const banned = /so-many|so-manieth|strangers?\b|\bwhoever\b|\btold\b|^Said\b|^(What|Why|Which|Speed|Name|Size)\.$/i;

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
