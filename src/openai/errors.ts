/** Errors in OpenAI's form: its clients show the message, and try again after 429 and 503. */
import { type ErrorCode, MaskedError, TandemError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { foreseen } from '../services/common/foreseen.ts';
import type { ErrorBody, OpenAiAnswer } from './types.ts';

/** Of HTTP. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  LIMIT_EXCEEDED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RESYNC: 409,
  UNAVAILABLE: 503,
};

/** Seconds after which it is worth trying again, where nothing else is known. */
const soon = 2;

function headersOf(status: number, { retryAfter = soon }: TandemError['details']): OpenAiAnswer['headers'] {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  return status === 429 || status === 503 ? { 'retry-after': String(retryAfter) } : undefined;
}

/** What is unforeseen is masked, logged and given an id. `status` is what HTTP itself refuses a request with. */
export function errorAnswer(error: unknown, logger: Logger, status?: number): OpenAiAnswer {
  const known = error instanceof TandemError ? error : foreseen(error);
  if (known === null) return masked(error, logger);
  const { code, message, details } = known;
  const { expected, remedy, field } = details;
  // OpenAI's clients send a request again after this one.
  const answered = status ?? (details.reason === 'queue-full' ? 429 : statusOf[code]);
  const headers = headersOf(answered, details);
  const told = [`${message}.`, expected === undefined ? '' : `Expected: ${expected}.`, remedy ?? ''];
  return {
    status: answered,
    ...(headers && { headers }),
    body: {
      error: {
        message: told.filter((part) => part !== '').join(' '),
        type: typeOf(answered),
        param: field ?? null,
        code: codeOf(known),
      },
    },
  };
}

function typeOf(status: number): ErrorBody['error']['type'] {
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function codeOf({ code, details: { field, reason } }: TandemError): string {
  if (code === 'NOT_FOUND' && field === 'model') return 'model_not_found';
  if (reason === 'rate') return 'rate_limit_exceeded';
  return reason === 'queue-full' ? 'queue_full' : code.toLowerCase();
}

function masked(error: unknown, logger: Logger): OpenAiAnswer {
  const { id, message } = new MaskedError();
  logger.error({ id, err: error }, 'unexpected error');
  const body = { error: { message, type: 'server_error', param: null, code: 'internal_server_error' } } as const;
  return { status: 500, body };
}
