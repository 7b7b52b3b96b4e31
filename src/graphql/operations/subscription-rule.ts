/**
 * A subscription selects its one field whatever its variables are: no @skip or @include before it (GraphQL, September
 * 2025, section 5.2.4.1). graphql-js fails on one that selects nothing.
 */
import { type ASTVisitor, GraphQLError, Kind, type SelectionSetNode, type ValidationContext } from 'graphql';

const conditions: readonly string[] = ['skip', 'include'];

/** Refuses @skip and @include on what a subscription selects at its root, also inside fragments. */
export function steadySubscriptionRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (node.operation !== 'subscription' || !hasCondition(node.selectionSet, context, new Set())) return;
      const message = 'A subscription has @skip or @include on its field';
      context.reportError(new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT', ...fault } }));
    },
  };
}

const fault = {
  field: 'query',
  expected: 'a subscription whose field has no @skip and no @include',
  remedy: 'Remove the directive, and send no subscription where nothing is to be followed.',
};

/** `seen` = names of the fragments that were searched: a cycle ends, which another rule refuses. */
function hasCondition({ selections }: SelectionSetNode, context: ValidationContext, seen: Set<string>): boolean {
  return selections.some((selection) => {
    if (selection.directives?.some(({ name }) => conditions.includes(name.value))) return true;
    if (selection.kind === Kind.FIELD) return false;
    if (selection.kind === Kind.INLINE_FRAGMENT) return hasCondition(selection.selectionSet, context, seen);
    const name = selection.name.value;
    const fragment = seen.has(name) ? undefined : context.getFragment(name);
    seen.add(name);
    return fragment ? hasCondition(fragment.selectionSet, context, seen) : false;
  });
}
