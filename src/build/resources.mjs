// The table of nouns behind the adapters (src/adapters/common/generated/resources.ts), derived from the schema: a noun
// is a type that implements Node and that a field of Query lists. A new noun needs no line here.
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** Fields that no default selection has: vectors, and what is computed anew for every row. */
const costly = {
  ArchitectureSearch: ['candidates', 'rungs', 'winner'],
  Document: ['embedding'],
  Evaluation: ['geometry', 'mtebResult'],
  FusionSearch: ['front', 'single', 'test'],
  Run: ['seriesNames'],
};

/** What names a node to people, where a record refers to it. */
const labels = ['name', 'alias', 'key', 'step'];

/** Mutations that make a noun begin so; of several the first in this order is the default, or one named here. */
const verbs = ['create', 'import', 'start', 'fuse', 'evaluate', 'derive'];
const defaults = ['evaluateCheckpoint', 'fuseCheckpoints'];

const listItem = (type) => {
  const nullable = getNullableType(type);
  return isListType(nullable) ? getNamedType(nullable) : null;
};
const isNode = (type) => isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node');
const needsArguments = ({ args }) =>
  args.some(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined);

/** The selection of a field, down to `depth` levels of plain objects; null where a default selection leaves it out. */
function selectionOf(field, depth) {
  const type = getNamedType(field.type);
  if (field.args.length > 0 || type.name.endsWith('Connection')) return null;
  if (isLeafType(type)) return field.name;
  if (isNode(type))
    return `${field.name} { ${['__typename', 'id', ...labels.filter((name) => type.getFields()[name])].join(' ')} }`;
  if (isInterfaceType(type)) return type.name === 'Node' ? `${field.name} { __typename id }` : null;
  if (!isObjectType(type) || depth === 0) return null;
  const inner = fieldsOf(type, listItem(field.type) ? 0 : depth - 1);
  return inner === '' ? null : `${field.name} { ${inner} }`;
}

function fieldsOf(type, depth) {
  return Object.values(type.getFields())
    .filter((field) => !(costly[type.name] ?? []).includes(field.name) && !needsArguments(field))
    .map((field) => selectionOf(field, depth))
    .filter((selection) => selection !== null)
    .join(' ');
}

/** The types of an input object's fields by their names, as the schema writes them without "must be there". */
const inputFields = (type, without = []) =>
  isInputObjectType(type)
    ? Object.fromEntries(
        Object.values(type.getFields())
          .filter(({ name }) => !without.includes(name))
          .map(({ name, type: of }) => [name, String(getNullableType(of))]),
      )
    : {};

/** Where the payload of a mutation holds the noun: the name of a field, '' for the payload itself, null = nowhere. */
function placeIn(payload, noun) {
  if (payload === noun) return '';
  const fields = isObjectType(payload) && !isNode(payload) ? Object.values(payload.getFields()) : [];
  const exact = fields.find(({ type }) => getNullableType(type) === noun);
  return (exact ?? fields.find(({ type }) => listItem(type) === noun))?.name ?? null;
}

/** A mutation of one name with an argument `input` or `id`, as the adapters call it. */
function mutationOf(schema, noun, name, argument, type) {
  const field = schema.getMutationType()?.getFields()[name];
  const found = field?.args.find((each) => each.name === argument);
  if (!found || (type && String(found.type) !== type)) return null;
  const place = placeIn(getNamedType(field.type), noun);
  return { name, type: String(found.type), ...(place === null ? {} : { place }) };
}

function createsOf(schema, noun) {
  return Object.values(schema.getMutationType()?.getFields() ?? {})
    .map(({ name }) => ({ name, rank: verbs.findIndex((verb) => new RegExp(`^${verb}[A-Z]`).test(name)) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => Number(defaults.includes(b.name)) - Number(defaults.includes(a.name)) || a.rank - b.rank)
    .map(({ name }) => mutationOf(schema, noun, name, 'input'))
    .filter((mutation) => mutation?.place !== undefined)
    .map((mutation) => ({ ...mutation, ...besidesOf(schema, noun, mutation) }));
}

/** What the payload tells besides the noun and nobody can read later: the text of a key, the warnings of an import. */
function besidesOf(schema, noun, { name, place }) {
  const payload = getNamedType(schema.getMutationType().getFields()[name].type);
  if (place === '') return {};
  const besides = Object.values(payload.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) && !(field.name in noun.getFields()))
    .map((field) => field.name);
  return besides.length > 0 ? { besides } : {};
}

const enumNamed = (schema, name) => {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
};

const plain = (name) => name.replaceAll('_', '').toLowerCase();

function resourceOf(schema, list, noun) {
  const input = schema.getType(`Update${noun.name}Input`);
  const plural = `${list[0].toUpperCase()}${list.slice(1)}`;
  return {
    list,
    type: noun.name,
    nodeType: enumNamed(schema, 'NodeType').find((name) => plain(name) === plain(noun.name)) ?? null,
    fields: fieldsOf(noun, 2),
    filter: inputFields(schema.getType(`${noun.name}Filter`), ['and', 'or', 'not']),
    orders: enumNamed(schema, `${noun.name}OrderField`),
    creates: createsOf(schema, noun),
    editable: inputFields(input, ['id', 'ifUpdatedAt']),
    update: mutationOf(schema, noun, `update${noun.name}`, 'input'),
    updateMany: mutationOf(schema, noun, `update${plural}`, 'input'),
    delete: mutationOf(schema, noun, `delete${noun.name}`, 'id', 'ID!'),
    deleteMany: mutationOf(schema, noun, `delete${plural}`, 'ids', '[ID!]!'),
  };
}

/** The text of the generated module. */
export function resourcesModule(schema) {
  const rows = Object.values(schema.getQueryType().getFields()).flatMap((field) => {
    const [, name] = /^(\w+)Connection$/.exec(getNamedType(field.type).name) ?? [];
    const noun = name && schema.getType(name);
    const isList = noun && isNode(noun) && field.args.some((argument) => argument.name === 'filter');
    return isList ? [[field.name, resourceOf(schema, field.name, noun)]] : [];
  });
  return [
    '// Generated by `npm run schema`. Do not edit.',
    "import type { Resource } from '../types.ts';",
    '',
    `export const resources = ${JSON.stringify(Object.fromEntries(rows), null, 2)} as const satisfies Record<string, Resource>;`,
    '',
  ].join('\n');
}
