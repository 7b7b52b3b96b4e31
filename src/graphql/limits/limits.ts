/**
 * Limits on an operation, tested before it runs: levels of brackets and tokens while parsing (graphql), aliases while
 * validating (graphql-armor), depth and cost once the variables are known (@pothos/plugin-complexity). What exceeds one
 * is refused as LIMIT_EXCEEDED.
 */
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { createComplexityRule } from '@pothos/plugin-complexity';
import {
  type ASTVisitor,
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  type ParseOptions,
  parse,
  type Source,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql';
import type { Limits } from '../../config.ts';
import { exceeded } from './exceeded.ts';
import { introspectionRule, noIntrospectionRule } from './introspection.ts';
import { deepestVariables, isTooDeep, refuseDeepNesting } from './nesting.ts';
import type { PriceContext } from './prices.ts';
import { refuseRecursiveInputs } from './recursive-inputs.ts';

const askForLess = 'Ask for less at once, or send several requests.';

/** The parser with limits on tokens and on levels. */
export function parseWithin({ queryTokens }: Limits) {
  return (source: string | Source, options?: ParseOptions): DocumentNode => {
    refuseDeepNesting(source, queryTokens);
    try {
      return parse(source, { ...options, maxTokens: queryTokens });
    } catch (error) {
      if (!(error instanceof GraphQLError) || !error.message.includes('tokens. Parsing aborted')) throw error;
      const remedy = 'Move values into variables, or send several requests.';
      throw exceeded('too many tokens', `at most ${queryTokens} tokens`, remedy);
    }
  };
}

/** Limits the aliases of an operation; those of a fragment count as often as it is spread. */
function aliasRule({ queryAliases }: Limits): ValidationRule {
  return maxAliasesRule({
    n: queryAliases,
    allowList: [],
    propagateOnRejection: false,
    onReject: [
      (context) => context?.reportError(exceeded('too many aliases', `at most ${queryAliases} aliases`, askForLess)),
    ],
  }) as (context: ValidationContext) => ASTVisitor;
}

/** The rules of validation that limit an operation. */
export const limitRules = (limits: Limits): ValidationRule[] => [aliasRule(limits)];

/**
 * Why a valid operation is refused before it runs: its depth, its cost, its introspection, or variables that do not
 * fit; empty if it is not refused. Throws what the validation of a page size throws.
 */
export function refusalsOf(
  args: ExecutionArgs,
  { queryDepth, queryNodes, pageSize }: Limits,
  { introspection = true }: { readonly introspection?: boolean } = {},
): readonly GraphQLError[] {
  const { schema, document, operationName, variableValues } = args;
  const misfits = misfitsOf(args);
  if (misfits.length > 0) return misfits;
  const context: PriceContext = { pageSize };
  const rule = createComplexityRule({
    context,
    variableValues: variableValues ?? {},
    ...(operationName ? { operationName } : {}),
    validate({ depth, complexity }, report) {
      if (depth > queryDepth) report(exceeded(`${depth} levels`, `at most ${queryDepth} levels`, askForLess));
      if (complexity > queryNodes) {
        const objects = 'objects, counted from its page sizes';
        const remedy = 'Ask for smaller pages (first), or for inner lists in requests of their own.';
        report(exceeded(`up to ${complexity} ${objects}`, `at most ${queryNodes} ${objects}`, remedy));
      }
    },
  });
  return validate(schema, document, [introspection ? introspectionRule : noIntrospectionRule, rule]);
}

/** Errors of variables that are told of one operation: each takes time, and 100,000 values may be wrong. */
const mostMisfits = 20;

/** What does not fit of the variables, before anything else counts all of it. */
function misfitsOf(args: ExecutionArgs): readonly GraphQLError[] {
  const { schema, document, operationName, variableValues } = args;
  if (isTooDeep(variableValues)) {
    return [exceeded('variables with too many levels', `at most ${deepestVariables} levels`, askForLess)];
  }
  const refusal = refuseRecursiveInputs(args);
  if (refusal) return [refusal];
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
  return getVariableValues(schema, variableDefinitions, variableValues ?? {}, { maxErrors: mostMisfits }).errors ?? [];
}
