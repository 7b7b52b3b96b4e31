/** The error that a run or a job kept. */
import { MaskedError, type PlainError } from '../../errors.ts';
import { builder } from '../builder.ts';

export const Failure = builder.objectRef<PlainError>('Failure').implement({
  description: 'The error that a run or a job ended with.',
  fields: (t) => ({
    code: t.string({
      description: 'The code that an error of the API would have; INTERNAL_SERVER_ERROR is a defect of Tandem.',
      resolve: (error) => error.code ?? 'INTERNAL_SERVER_ERROR',
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'What exactly happened, as a stable code for programs; null where the code says enough.',
    }),
    message: t.string({
      description: 'A sentence that says what happened; of a defect, the id under which the log has it.',
      resolve: (error) => shownMessage(error),
    }),
    field: t.exposeString('field', {
      nullable: true,
      description: 'The path of the input at fault, or the name of what failed; null where the error names neither.',
    }),
    expected: t.exposeString('expected', {
      nullable: true,
      description: 'The value or state that was expected; null where the error names none, as for a defect.',
    }),
    remedy: t.exposeString('remedy', {
      nullable: true,
      description: 'What to do about the error; null where the error names nothing, as for a defect.',
    }),
  }),
});

/** Versions up to 0.2.0 stored the text of a defect, which may hold SQL with its parameters. */
const unmasked = 'Something unexpected happened, in an earlier version of Tandem; the log of that time has it';

/** What is told of a stored error. */
function shownMessage({ code, id, message }: PlainError): string {
  if (code !== undefined) return message;
  return id === undefined ? unmasked : new MaskedError(id).message;
}

/** Why a job has its state; where that is an error, the error's message. */
export const shownReason = ({ reason, error }: { readonly reason?: string; readonly error?: PlainError }) =>
  reason !== undefined && reason === error?.message ? shownMessage(error) : (reason ?? null);
