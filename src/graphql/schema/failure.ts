/** The error that a run or a job kept. */
import type { PlainError } from '../../errors.ts';
import { builder } from '../builder.ts';

export const Failure = builder.objectRef<PlainError>('Failure').implement({
  description: 'Why something failed.',
  fields: (t) => ({
    code: t.string({
      description: 'The code an error of the API would carry; INTERNAL_SERVER_ERROR = a defect of Tandem.',
      resolve: (error) => error.code ?? 'INTERNAL_SERVER_ERROR',
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'What exactly happened, as a stable code for programs; null where the code says enough.',
    }),
    message: t.exposeString('message', { description: 'A sentence that says what happened.' }),
    field: t.exposeString('field', {
      nullable: true,
      description: 'The path of the input at fault; null if no input is.',
    }),
    expected: t.exposeString('expected', {
      nullable: true,
      description: 'The value or state that was expected; null if not known.',
    }),
    remedy: t.exposeString('remedy', {
      nullable: true,
      description: 'What to do about the error; null if nothing is known to help.',
    }),
  }),
});
