/**
 * Limits on an operation, tested before anything runs: tokens while parsing, then depth and aliases with fragments
 * counted as often as they are used; node-limit.ts counts what its lists may hold. What goes over is LIMIT_EXCEEDED
 * with the numbers.
 */
import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type ParseOptions,
  parse,
  type SelectionSetNode,
  type Source,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { Limits } from '../config.ts';

export const exceeded = (what: string, found: string, limit: number, remedy: string) =>
  new GraphQLError(`The operation has ${found} ${what}`, {
    extensions: { code: 'LIMIT_EXCEEDED', field: 'query', expected: `at most ${limit} ${what}`, remedy },
  });

const split = 'Ask for less at once, or send several requests.';

/** The parser with a limit on tokens. */
export function parseWithin({ queryTokens }: Limits) {
  return (source: string | Source, options?: ParseOptions): DocumentNode => {
    try {
      return parse(source, { ...options, maxTokens: queryTokens });
    } catch (error) {
      if (!(error instanceof GraphQLError) || !error.message.includes('tokens. Parsing aborted')) throw error;
      throw exceeded('tokens', 'too many', queryTokens, 'Move values into variables, or send several requests.');
    }
  };
}

interface Size {
  readonly depth: number;
  readonly aliases: number;
}

/** Sizes of selection sets; each fragment is measured once and counted wherever it is spread. */
class Measure {
  readonly #context: ValidationContext;
  readonly #fragments = new Map<string, Size>();

  constructor(context: ValidationContext) {
    this.#context = context;
  }

  of({ selections }: SelectionSetNode): Size {
    let depth = 0;
    let aliases = 0;
    for (const selection of selections) {
      const size = this.#selection(selection);
      depth = Math.max(depth, size.depth);
      aliases += size.aliases;
    }
    return { depth, aliases };
  }

  #selection(selection: SelectionSetNode['selections'][number]): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#fragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.of(selection.selectionSet);
    const alias = selection.alias === undefined ? 0 : 1;
    // The schema describes itself by deep nesting, at a price that is fixed.
    if (selection.selectionSet === undefined || selection.name.value === '__schema')
      return { depth: 1, aliases: alias };
    const inner = this.of(selection.selectionSet);
    return { depth: 1 + inner.depth, aliases: alias + inner.aliases };
  }

  #fragment(name: string): Size {
    const known = this.#fragments.get(name);
    if (known !== undefined) return known;
    const nothing = { depth: 0, aliases: 0 };
    // A cycle (refused by another rule) ends here.
    this.#fragments.set(name, nothing);
    const fragment: FragmentDefinitionNode | null | undefined = this.#context.getFragment(name);
    const size = fragment ? this.of(fragment.selectionSet) : nothing;
    this.#fragments.set(name, size);
    return size;
  }
}

/** The validation rule of depth and aliases. */
export function limitRule({ queryDepth, queryAliases }: Limits): ValidationRule {
  return (context): ASTVisitor => {
    const measure = new Measure(context);
    return {
      OperationDefinition({ selectionSet }) {
        const { depth, aliases } = measure.of(selectionSet);
        if (depth > queryDepth) context.reportError(exceeded('levels', String(depth), queryDepth, split));
        if (aliases > queryAliases) context.reportError(exceeded('aliases', String(aliases), queryAliases, split));
      },
    };
  };
}
