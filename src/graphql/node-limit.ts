/**
 * The limit on how many objects an operation asks for, estimated before it runs: the sizes of its pages multiply along
 * each path. Depth and aliases do not bound lists: five pages of 1000 inside each other are ten levels.
 */
import {
  type ArgumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import type { Limits } from '../config.ts';
import { defaultPageSize } from './connection.ts';
import { exceeded } from './limits.ts';

/** Arguments that say how long the list below them is at most. */
const sizeArguments = ['first', 'last', 'k'];
/** What a list without such an argument is counted as: attempts, evaluations, data sets of a run. */
const unpagedSize = 10;

/** The refusal of an operation that asks for too many objects; null = it does not. */
export function tooManyNodes(
  { schema, document, operationName, variableValues }: ExecutionArgs,
  { queryNodes, pageSize }: Limits,
): GraphQLError | null {
  const operation = getOperationAST(document, operationName);
  const root = operation ? schema.getRootType(operation.operation) : null;
  if (!operation || !root) return null;
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const variables = { ...defaultsOf(operation), ...variableValues };
  const nodes = new NodeCount(schema, fragments, variables, pageSize).of(operation.selectionSet, root, null);
  if (nodes <= queryNodes) return null;
  const remedy = 'Ask for smaller pages (first), or for inner lists in requests of their own.';
  return exceeded('objects, counted from its page sizes', `up to ${nodes}`, queryNodes, remedy);
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const { variable, defaultValue } of variableDefinitions) {
    if (defaultValue?.kind === Kind.INT) defaults[variable.name.value] = Number(defaultValue.value);
  }
  return defaults;
}

/**
 * Counts the objects of a selection for one parent. `page` = length of the lists in it, where the field around it says.
 */
class NodeCount {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #pageSize: number;
  /** Each fragment is counted once for each page it stands in, or a bomb of fragments would take for ever. */
  readonly #known = new Map<string, number>();

  constructor(
    schema: GraphQLSchema,
    fragments: readonly FragmentDefinitionNode[],
    variables: Readonly<Record<string, unknown>>,
    pageSize: number,
  ) {
    this.#schema = schema;
    this.#fragments = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
    this.#variables = variables;
    this.#pageSize = pageSize;
  }

  of({ selections }: SelectionSetNode, type: GraphQLNamedType, page: number | null): number {
    let nodes = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) nodes += this.#field(selection, type, page);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) nodes += this.#fragment(selection.name.value, page);
      else nodes += this.of(selection.selectionSet, this.#type(selection.typeCondition?.name.value) ?? type, page);
    }
    return nodes;
  }

  #type(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name);
  }

  #fragment(name: string, page: number | null): number {
    const key = `${page} ${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fragment = this.#fragments.get(name);
    const type = this.#type(fragment?.typeCondition.name.value);
    const nodes = fragment && type ? this.of(fragment.selectionSet, type, page) : 0;
    this.#known.set(key, nodes);
    return nodes;
  }

  #field({ name, arguments: given = [], selectionSet }: FieldNode, parent: GraphQLNamedType, page: number | null) {
    // Fields of the schema's own description are not among a type's fields: they cost little, and always the same.
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name.value] : undefined;
    if (!field || !selectionSet) return 0;
    const asked = this.#asked(field, given);
    const isList = isListType(getNullableType(field.type));
    const times = isList ? (asked ?? page ?? unpagedSize) : 1;
    return times * (1 + this.of(selectionSet, getNamedType(field.type), isList ? null : asked));
  }

  /** The length that a field's arguments ask for; null = it has no such argument. */
  #asked({ args }: GraphQLField<unknown, unknown>, given: readonly ArgumentNode[]): number | null {
    const ids = given.find(({ name }) => name.value === 'ids');
    if (ids) return this.#lengthOf(ids.value);
    const sizes = args.filter(({ name }) => sizeArguments.includes(name));
    if (sizes.length === 0) return null;
    for (const { name, defaultValue } of sizes) {
      const argument = given.find((other) => other.name.value === name);
      const value = (argument ? this.#numberOf(argument.value) : null) ?? defaultValue;
      if (typeof value === 'number') return Math.min(Math.max(value, 0), this.#pageSize);
    }
    return Math.min(defaultPageSize, this.#pageSize);
  }

  #numberOf(value: ValueNode): unknown {
    if (value.kind === Kind.VARIABLE) return this.#variables[value.name.value];
    return value.kind === Kind.INT ? Number(value.value) : null;
  }

  #lengthOf(value: ValueNode): number {
    const list = value.kind === Kind.VARIABLE ? this.#variables[value.name.value] : null;
    if (Array.isArray(list)) return list.length;
    return value.kind === Kind.LIST ? value.values.length : 1;
  }
}
