/** Operations made from a schema: valid ones, nearly valid ones, and texts that no parser was meant to see. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { between, type Draws, pick } from '../draws.ts';
import { type Pool, type PoolType, poolTypes } from './pool.ts';
import { drawValue, type Mood } from './values.ts';

type OperationKind = 'query' | 'mutation' | 'subscription';

/** A field of one of the three roots. */
export interface Root {
  readonly kind: OperationKind;
  readonly field: GraphQLField<unknown, unknown>;
}

export interface Operation {
  readonly kind: OperationKind;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export function rootsOf(schema: GraphQLSchema): Root[] {
  const of = (kind: OperationKind, type: GraphQLObjectType | null | undefined): Root[] =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ kind, field }));
  return [
    ...of('query', schema.getQueryType()),
    ...of('mutation', schema.getMutationType()),
    ...of('subscription', schema.getSubscriptionType()),
  ];
}

/** What ids of arguments called `id` are of. */
const subjectOf = (name: string): PoolType | undefined =>
  [...poolTypes].sort((a, b) => b.length - a.length).find((type) => name.toLowerCase().endsWith(type.toLowerCase()));

interface Writing {
  readonly schema: GraphQLSchema;
  readonly mood: Mood;
  readonly declared: string[];
  readonly variables: Record<string, unknown>;
}

/** An operation on a root; `hostile` is the share of its values that are. */
export function operationOn(schema: GraphQLSchema, { kind, field }: Root, draw: Draws, pool: Pool, hostile: number) {
  const mood: Mood = { draw, pool, hostile, subject: subjectOf(field.name) };
  const writing: Writing = { schema, mood, declared: [], variables: {} };
  const text = fieldText(field, writing, between(draw, 1, 5), 0);
  const head = writing.declared.length > 0 ? `(${writing.declared.join(', ')})` : '';
  const query = `${kind} ${draw() < 0.5 ? 'Fuzz' : ''}${head} { ${text} }`;
  return { kind, query, variables: writing.variables } satisfies Operation;
}

function fieldText(field: GraphQLField<unknown, unknown>, writing: Writing, levels: number, depth: number): string {
  const { draw } = writing.mood;
  const alias = draw() < 0.1 ? `a${between(draw, 0, 999)}: ` : '';
  const given = field.args.filter((arg) => isRequiredArgument(arg) || draw() < (depth === 0 ? 0.5 : 0.25));
  const args = given.map((arg) => `${arg.name}: ${argumentText(arg, writing)}`).join(', ');
  const directive = draw() < 0.05 ? ` @${pick(draw, ['include', 'skip'])}(if: ${draw() < 0.5})` : '';
  const type = getNamedType(field.type);
  const selection = isLeafType(type) ? '' : ` ${selectionOf(type, writing, levels - 1, depth + 1)}`;
  return `${alias}${field.name}${args ? `(${args})` : ''}${directive}${selection}`;
}

function selectionOf(type: GraphQLNamedType, writing: Writing, levels: number, depth: number): string {
  const { schema, mood } = writing;
  const parts = ['__typename'];
  if (isAbstractType(type)) {
    for (const each of schema.getPossibleTypes(type))
      if (mood.draw() < 0.5) parts.push(`... on ${each.name} ${selectionOf(each, writing, levels, depth)}`);
  }
  if (isObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      const isLeaf = isLeafType(getNamedType(field.type));
      if (isLeaf ? mood.draw() < 0.6 : levels > 0 && mood.draw() < 0.4)
        parts.push(fieldText(field, writing, levels, depth));
    }
  }
  return `{ ${parts.join(' ')} }`;
}

function argumentText({ name, type }: GraphQLArgument, writing: Writing): string {
  const value = drawValue(type, name, writing.mood);
  if (writing.mood.draw() < 0.3) return literal(value, type);
  const variable = `v${writing.declared.length}`;
  writing.declared.push(`$${variable}: ${type}`);
  writing.variables[variable] = value;
  return `$${variable}`;
}

/** The value as GraphQL writes it; lone surrogates as escapes. */
function literal(value: unknown, type: GraphQLInputType | undefined): string {
  const plain = type && getNullableType(type);
  if (Array.isArray(value)) {
    const item = plain && isListType(plain) ? plain.ofType : undefined;
    return `[${value.map((each) => literal(each, item)).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = plain && isInputObjectType(plain) ? plain.getFields() : {};
    const entries = Object.entries(value).map(([key, each]) => `${key}: ${literal(each, fields[key]?.type)}`);
    return `{${entries.join(', ')}}`;
  }
  if (typeof value === 'string' && plain && isEnumType(plain) && plain.getValue(value)) return value;
  return JSON.stringify(value) ?? 'null';
}

type Corruption = (text: string, draw: Draws) => string;

const at = (text: string, draw: Draws): number => Math.floor(draw() * (text.length + 1));

const insert =
  (part: string): Corruption =>
  (text, draw) => {
    const position = at(text, draw);
    return text.slice(0, position) + part + text.slice(position);
  };

const deep = (levels: number): string => `${'{ node(id: "x") '.repeat(levels)}${'}'.repeat(levels)}`;
const introspection = '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }';

const corruptions: readonly Corruption[] = [
  (text, draw) => text.slice(0, at(text, draw)),
  (text, draw) => text.slice(at(text, draw)),
  (text, draw) => {
    const from = at(text, draw);
    return text.slice(0, from) + text.slice(from + between(draw, 1, 8));
  },
  (text, draw) => {
    const words = text.split(' ');
    words.splice(between(draw, 0, words.length), 1, pick(draw, words) ?? '');
    return words.join(' ');
  },
  ...['{', '}', '(', ')', '"', '"""', '...', '$v0', '@include', '\0', '\ud83d', '#', '\ufeff', '!', '|', '&', '..'].map(
    insert,
  ),
  ...['nothing', 'id: 1', '... on Nothing { id }', '...F', '@skip(if: $nothing)', '__schema { types { name } }'].map(
    insert,
  ),
  (text) => text.replace(/\b[a-z][A-Za-z]+\b(?= [{(])/, 'notThere'),
  (text) => text.replace(/\$v0: [^,)]+/, '$v0: [[Int!]!]'),
  (text) => text.replace(/\{[^{}]*\}/, '{}'),
  (text) => `${text} ${text}`,
  (text) => `${text} fragment F on Query { ...G } fragment G on Query { ...F }`,
  (text) => text.replace(/\{/, '{ ...F ').concat(' fragment F on Query { ...F }'),
  (text, draw) => text.replace(/\{/, `{ ${'__typename '.repeat(between(draw, 10, 5_000))}`),
  (text, draw) => text.replace(/\{/, `{ ${manyAliases(between(draw, 10, 400))}`),
  (_text, draw) => deep(between(draw, 3, 2_000)),
  (_text, draw) => `{ x${'['.repeat(between(draw, 1, 3_000))}`,
  (_text, draw) => `query ($a: ${'['.repeat(between(draw, 1, 3_000))}Int) { __typename }`,
  (_text, draw) => `{ system(a: ${'['.repeat(between(draw, 1, 3_000))}1) }`,
  () => introspection,
  () => 'subscription { __typename }',
  () => 'subscription { runEvents(runId: "x") { seq } jobEvents(jobId: "y") { id } }',
  () => 'type Query { x: Int }',
  () => '',
];

const manyAliases = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ');

/** The operation with an error of syntax, of validation, or of proportion. */
export const corrupt = (operation: Operation, draw: Draws): Operation => {
  let { query } = operation;
  for (let left = between(draw, 1, 3); left > 0; left--) query = pick(draw, corruptions)!(query, draw);
  return { ...operation, query };
};
