/**
 * Whether introspection is answered, and the limit on it, which the cost of an operation leaves out: no library looks
 * inside `__schema`. Without aliases, and with a type's lists not nested in each other, an answer holds the schema
 * about once.
 */
import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { exceeded } from './exceeded.ts';

const roots = ['__schema', '__type'];
/** Lists of a type that lead to further types. */
const lists = ['fields', 'inputFields', 'interfaces', 'possibleTypes'];

/** Refuses all introspection, with one error; a type's name (`__typename`) is none. */
export function noIntrospectionRule(context: ValidationContext): ASTVisitor {
  let isReported = false;
  return {
    Field({ name: { value: name } }) {
      if (isReported || !roots.includes(name)) return;
      isReported = true;
      const expected = 'an operation without __schema and __type: TANDEM_INTROSPECTION is off';
      const remedy = 'Read docs/schema.graphql of the server, or schema.graphql of the package tandem-client.';
      const extensions = { code: 'FORBIDDEN', field: name, expected, remedy };
      context.reportError(new GraphQLError('Introspection is off', { extensions }));
    },
  };
}

/** Refuses introspection whose answer would hold the schema several times, with one error however often it repeats. */
export function introspectionRule(context: ValidationContext): ASTVisitor {
  let isReported = false;
  return {
    Field(node) {
      if (isReported || !roots.includes(node.name.value) || !new Walk(context).repeats(node, false)) return;
      isReported = true;
      const expected = `introspection without aliases, and without ${lists.join(', ')} inside each other`;
      const remedy = 'Use the introspection query of graphql-js, or read docs/schema.graphql.';
      context.reportError(exceeded('introspection that repeats itself', expected, remedy));
    },
  };
}

class Walk {
  readonly #context: ValidationContext;
  /** Fragments that were searched, by their names and whether inside a list. */
  readonly #searched = new Set<string>();

  constructor(context: ValidationContext) {
    this.#context = context;
  }

  /** Whether a selection has an alias, or a list of a type inside another. */
  repeats(node: SelectionNode, inList: boolean): boolean {
    if (node.kind === Kind.FRAGMENT_SPREAD) return this.#fragmentRepeats(node.name.value, inList);
    if (node.kind === Kind.INLINE_FRAGMENT) return this.#anyRepeats(node.selectionSet, inList);
    const isList = lists.includes(node.name.value);
    if (node.alias || (isList && inList)) return true;
    return node.selectionSet !== undefined && this.#anyRepeats(node.selectionSet, inList || isList);
  }

  #anyRepeats({ selections }: SelectionSetNode, inList: boolean): boolean {
    return selections.some((selection) => this.repeats(selection, inList));
  }

  #fragmentRepeats(name: string, inList: boolean): boolean {
    const key = `${name} ${inList}`;
    const fragment = this.#context.getFragment(name);
    if (!fragment || this.#searched.has(key)) return false;
    this.#searched.add(key);
    return this.#anyRepeats(fragment.selectionSet, inList);
  }
}
