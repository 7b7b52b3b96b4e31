/**
 * What a failed input validation (zod, through the validation plugin) becomes: one BAD_USER_INPUT that names every
 * field.
 */
import type { TandemError } from '../errors.ts';
import { badInput } from '../errors.ts';

interface Failure {
  readonly issues: readonly {
    readonly message: string;
    readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
  }[];
}

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === 'object' ? part.key : part);

export function validationError(failure: Failure): TandemError {
  const problems = failure.issues.map((issue) => ({
    field: (issue.path ?? []).map(segment).join('.'),
    message: issue.message,
  }));
  const [first] = problems;
  const message = problems.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join('; ');
  return badInput(message, {
    field: first?.field || 'input',
    expected: first?.message ?? 'a valid input',
    remedy: 'Correct the input and send it again.',
    problems,
  });
}
