/**
 * The limit on inputs that hold inputs of their own type, as plans of fusions and filters of lists do. Their own limits
 * are tested once they are read; before that graphql completes each of them several times over, which for thousands
 * takes longer than others may be kept waiting.
 */
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInputObjectType,
  isInputType,
  typeFromAST,
} from 'graphql';

/** Several times what the largest plan holds (src/fusion/plan/read-plan.ts). */
export const mostRecursiveInputs = 2_000;

/** Input types that reach themselves, and all that lead to one: nothing else has to be looked through. */
interface Kinds {
  readonly recursive: ReadonlySet<GraphQLInputObjectType>;
  readonly leading: ReadonlySet<GraphQLInputObjectType>;
}

const kindsOfSchemas = new WeakMap<GraphQLSchema, Kinds>();

/** The error of an operation whose variables hold too many; undefined where they do not. */
export function refuseRecursiveInputs({
  schema,
  document,
  operationName,
  variableValues,
}: ExecutionArgs): GraphQLError | undefined {
  const counting = new Counting(kindsOf(schema));
  for (const { type: node, variable } of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
    const type = typeFromAST(schema, node);
    const name = variable.name.value;
    if (!isInputType(type) || !counting.exceeds(variableValues?.[name], type)) continue;
    return new GraphQLError(`The variable $${name} has too many inputs inside each other`, {
      extensions: {
        ...{ code: 'LIMIT_EXCEEDED', field: name },
        expected: `at most ${mostRecursiveInputs} plans, filters and their parts`,
        remedy: 'Send a smaller plan or filter.',
      },
    });
  }
  return undefined;
}

class Counting {
  readonly #kinds: Kinds;
  #count = 0;

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  /** Whether there are too many with those of this value. */
  exceeds(value: unknown, type: GraphQLInputType): boolean {
    const named = getNamedType(type);
    if (!isInputObjectType(named) || !this.#kinds.leading.has(named)) return false;
    const fields = Object.values(named.getFields()).filter((field) => isLeading(this.#kinds, field.type));
    return itemsOf(value).some((item) => {
      if (this.#kinds.recursive.has(named) && ++this.#count > mostRecursiveInputs) return true;
      return fields.some((field) => this.exceeds((item as Record<string, unknown>)[field.name], field.type));
    });
  }
}

/** The objects of a value that should be one, or lists of them. */
function itemsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value) ? value.flatMap(itemsOf) : [value];
}

const isLeading = ({ leading }: Kinds, type: GraphQLInputType): boolean => {
  const named = getNamedType(type);
  return isInputObjectType(named) && leading.has(named);
};

function kindsOf(schema: GraphQLSchema): Kinds {
  const known = kindsOfSchemas.get(schema);
  if (known) return known;
  const types = Object.values(schema.getTypeMap()).filter(isInputObjectType);
  const reached = new Map(types.map((type) => [type, reachedBy(type)]));
  const recursive = new Set(types.filter((type) => reached.get(type)?.has(type)));
  const leads = (type: GraphQLInputObjectType): boolean =>
    recursive.has(type) || [...(reached.get(type) ?? [])].some((other) => recursive.has(other));
  const kinds = { recursive, leading: new Set(types.filter(leads)) };
  kindsOfSchemas.set(schema, kinds);
  return kinds;
}

/** All input types inside a type; itself where it is inside itself. */
function reachedBy(type: GraphQLInputObjectType): Set<GraphQLInputObjectType> {
  const reached = new Set<GraphQLInputObjectType>();
  const open = [type];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const field of Object.values(next.getFields())) {
      const inner = getNamedType(field.type);
      if (!isInputObjectType(inner) || reached.has(inner)) continue;
      reached.add(inner);
      open.push(inner);
    }
  }
  return reached;
}
