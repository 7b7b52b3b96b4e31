/** What a call of the client throws: the first error of the answer, with everything the server said about it. */

/** The `extensions` of an error of the API. */
export interface ApiErrorDetails {
  /**
   * BAD_USER_INPUT, NOT_FOUND, CONFLICT, UNAUTHENTICATED, FORBIDDEN, LIMIT_EXCEEDED, UNAVAILABLE, ...;
   * INTERNAL_SERVER_ERROR = a defect.
   */
  readonly code: string;
  /** What exactly happened, as a stable code; absent where the code says enough. */
  readonly reason?: string;
  readonly field?: string;
  readonly expected?: string;
  readonly remedy?: string;
  /** Seconds after which the same request may succeed, where a key has sent more than it may (reason `rate`). */
  readonly retryAfter?: number;
  readonly problems?: readonly {
    readonly file?: string;
    readonly line?: number;
    readonly field?: string;
    readonly message: string;
  }[];
  /** Id of a masked error in the server's log. */
  readonly id?: string;
}

export interface GraphQLFailure {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Partial<ApiErrorDetails>;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly extensions: ApiErrorDetails;
  readonly path: readonly (string | number)[];
  /** Every error of the answer. */
  readonly errors: readonly GraphQLFailure[];
  /** True = no server answered at all. */
  readonly unreachable: boolean;

  constructor(errors: readonly GraphQLFailure[], options?: ErrorOptions & { readonly unreachable?: boolean }) {
    const [first] = errors;
    super(first?.message ?? 'The server answered with an error', options);
    this.extensions = { ...first?.extensions, code: first?.extensions?.code ?? 'INTERNAL_SERVER_ERROR' };
    this.code = this.extensions.code;
    this.path = first?.path ?? [];
    this.errors = errors;
    this.unreachable = options?.unreachable ?? false;
  }
}

export const unreachable = (url: string, cause: unknown): ApiError =>
  new ApiError(
    [
      {
        message: `No Tandem server answers at ${url}`,
        extensions: { code: 'UNAVAILABLE', field: 'url', remedy: 'Start one with `tandem serve`, or correct the URL.' },
      },
    ],
    { cause, unreachable: true },
  );
