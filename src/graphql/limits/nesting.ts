/**
 * The limit on brackets inside brackets, tested before parsing: parser and validation call themselves once for each
 * level, so a text of 2,000 levels would overflow the stack.
 */
import { GraphQLError, Lexer, Source, TokenKind } from 'graphql';
import { exceeded } from './exceeded.ts';

/** More than the levels of fields and those of a JSON value that are allowed (both are counted later) take together. */
export const deepestBrackets = 200;

const opening: readonly string[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L];
const closing: readonly string[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R];

/** Throws LIMIT_EXCEEDED for a text that is nested too deep; a text that is no GraphQL is left to the parser. */
export function refuseDeepNesting(text: string | Source, mostTokens: number): void {
  const lexer = new Lexer(typeof text === 'string' ? new Source(text) : text);
  let levels = 0;
  for (let tokens = 0; tokens <= mostTokens; tokens++) {
    const kind = nextKind(lexer);
    if (kind === TokenKind.EOF) return;
    if (opening.includes(kind)) levels++;
    if (closing.includes(kind)) levels--;
    if (levels > deepestBrackets) {
      const remedy = 'Move values into variables, or send several requests.';
      throw exceeded('too many levels of brackets', `at most ${deepestBrackets} levels`, remedy);
    }
  }
}

/** The end of the text where the rest has no tokens. */
function nextKind(lexer: Lexer): string {
  try {
    return lexer.advance().kind;
  } catch (error) {
    if (error instanceof GraphQLError) return TokenKind.EOF;
    throw error;
  }
}

/** Levels of variables: some more than those of a JSON value that is refused by its path. */
export const deepestVariables = 1_100;

/** Whether a JSON value has more levels than variables may have: what completes them calls itself for each. */
export function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let levels = 0; level.length > 0; levels++) {
    if (levels > deepestVariables) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
