/** Errors as React-admin knows them. */
import type { ApiError } from '../../client/index.ts';
import { fieldErrors, messageOf, statusOf } from '../common/failures.ts';

/**
 * As React-admin's HttpError: with `body.errors`, the messages of a form's fields by their names, and below
 * `root.serverError` the one that React-admin notifies, for a field that the page does not show.
 */
export class DataProviderError extends Error {
  override readonly name = 'HttpError';
  /** The status of HTTP that the code stands for: 401 for UNAUTHENTICATED. */
  readonly status: number;
  readonly body: { readonly errors?: Readonly<Record<string, string | { readonly serverError: string }>> };
  override readonly cause: ApiError;

  /** `values` are those of the form that was sent. */
  constructor(error: ApiError, values?: unknown) {
    super(messageOf(error), { cause: error });
    this.cause = error;
    this.status = statusOf(error);
    const errors = fieldErrors(error, values);
    this.body = Object.keys(errors).length > 0 ? { errors: { ...errors, root: { serverError: this.message } } } : {};
  }
}
