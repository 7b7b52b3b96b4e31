/**
 * The one way an error leaves the API: a GraphQLError with `extensions.code` and, from a TandemError, what was expected
 * and what to do. Anything unforeseen is masked, logged and given an id.
 */
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { badInput, MaskedError, type TandemError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { foreseen } from '../services/common/foreseen.ts';
import { faultOf } from './operations/request-form.ts';

/** The innermost error that a GraphQLError wraps. */
function originOf(error: unknown): unknown {
  let current = error;
  while (current instanceof GraphQLError && current.originalError) current = current.originalError;
  return current;
}

/** What a foreseen failure is; null = a defect. */
function failureOf(origin: unknown): TandemError | null {
  if (origin instanceof PothosValidationError) {
    return badInput(origin.message, { expected: 'a valid value', remedy: 'Correct the input and send it again.' });
  }
  return foreseen(origin);
}

/** The code with which an error is told. */
export function codeOf(error: unknown): string {
  const origin = originOf(error);
  const known = failureOf(origin);
  if (known !== null) return known.code;
  return origin instanceof GraphQLError ? String(fromGraphQL(origin).extensions['code']) : 'INTERNAL_SERVER_ERROR';
}

function placed(error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes, source, positions, path } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** Codes of the parser and the validator that say nothing a caller could act on. */
const generic: readonly unknown[] = [
  ...[undefined, 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE'],
];

/** Makes the function that masks errors, for the server's configuration. */
export function errorMasker(logger: Logger) {
  return (error: unknown): GraphQLError => {
    const origin = originOf(error);
    const known = failureOf(origin);
    if (known !== null) return placed(error, known.message, { code: known.code, ...known.details });
    if (origin instanceof GraphQLError) return fromGraphQL(origin);
    // That of a job was logged, and masked, when the job ended.
    const masked = origin instanceof MaskedError ? origin : new MaskedError();
    const { id, message } = masked;
    const path = error instanceof GraphQLError ? error.path : undefined;
    if (masked !== origin) logger.error({ id, err: origin, path }, 'unexpected error');
    return placed(error, message, {
      code: 'INTERNAL_SERVER_ERROR',
      id,
      remedy: 'Please report it with the lines of the log that carry this id.',
    });
  };
}

const misfit = {
  expected: 'an operation that fits the schema',
  remedy: 'See docs/schema.graphql, or GraphiQL at / of the server.',
};

/** Syntax, validation, bad requests, and values that a scalar refused: with a code a caller can act on. */
export function fromGraphQL(error: GraphQLError): GraphQLError {
  if (!generic.includes(error.extensions['code'])) return error;
  // What the parser of JSON says quotes the body.
  const { originalError: _quoted, ...told } = error.extensions;
  const fault = faultOf(told['code'], error.message) ?? misfit;
  const extensions = { ...told, ...fault, code: 'BAD_USER_INPUT' };
  return placed(error, error.message, extensions);
}
