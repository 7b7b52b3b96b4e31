/** What a form shows of an error of the API. */
import { ApiError } from '../../client/index.ts';

const statuses: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  LIMIT_EXCEEDED: 429,
  INTERNAL_SERVER_ERROR: 500,
  UNAVAILABLE: 503,
};

/** The status of HTTP that frontends know an error by. */
export const statusOf = ({ code }: ApiError): number => statuses[code] ?? 500;

/** One sentence with what to do. */
export const messageOf = ({ message, extensions: { remedy } }: ApiError): string =>
  remedy ? `${message.replace(/\.$/, '')}. ${remedy}` : message;

/**
 * The messages for fields of a form by their names, dotted as the form's own (`architecture.layers`); empty where the
 * error is not about one of the values that were sent.
 */
export function fieldErrors(error: ApiError, values: unknown): Record<string, string> {
  const { field = '', expected } = error.extensions;
  const name = field.replace(/^input\.(items\.\d+\.)?/, '');
  const [top = ''] = name.split('.');
  if (typeof values !== 'object' || values === null || !(top in values)) return {};
  return { [name]: expected ? `${error.message.replace(/\.$/, '')}: expected ${expected}` : error.message };
}

/** The result of `work`; an {@link ApiError} is thrown as what `translate` makes of it. */
export async function translating<Result>(
  work: () => Promise<Result>,
  translate: (error: ApiError) => unknown,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ApiError ? translate(error) : error;
  }
}
