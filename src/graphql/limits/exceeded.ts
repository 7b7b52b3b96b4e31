/** The refusal of an operation that goes over a limit. */
import { GraphQLError } from 'graphql';

/** `found` completes "The operation has". */
export const exceeded = (found: string, expected: string, remedy: string) =>
  new GraphQLError(`The operation has ${found}`, {
    extensions: { code: 'LIMIT_EXCEEDED', field: 'query', expected, remedy },
  });
