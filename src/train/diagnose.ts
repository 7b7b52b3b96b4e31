/**
 * Finds where a value that is not finite first arose: the step is run again, and every op's result is tested on the
 * device.
 */

import type { Tensor } from '../device/types.ts';
import { TandemError } from '../errors.ts';
import { FiniteFlags } from '../nn/finite-flags.ts';
import { recordGradients, type StepInput } from './gradients.ts';
import type { StepReport } from './report.ts';

export const isFiniteReport = ({ batches, norm }: StepReport): boolean =>
  Number.isFinite(norm) && batches.every(({ components }) => Object.values(components).every(Number.isFinite));

/** The error that stops the run, naming step, loss terms, the first op at fault and the parameters' gradients. */
export async function diagnoseNonFinite(input: StepInput, report: StepReport): Promise<TandemError> {
  const found = report.batches
    .flatMap(({ components }) => Object.entries(components))
    .filter(([, value]) => !Number.isFinite(value))
    .map(([name]) => name);
  const terms = [...new Set(found)];
  // An abort must not hide what went wrong: the step is run again to its end.
  const first = await firstNonFinite({ ...input, turn: async () => {} });
  const parameters = await nonFiniteGradients(input);
  const causes = [
    terms.length > 0 && `loss terms ${terms.join(', ')}`,
    first && `first in the ${first}`,
    parameters.length > 0 && `gradients of ${listOf(parameters)}`,
    `gradient norm ${report.norm} (also where it is too large for f32)`,
  ].filter((part) => typeof part === 'string');
  return new TandemError('BAD_USER_INPUT', `Step ${input.step} gave a value that is not finite: ${causes.join('; ')}`, {
    field: first?.split(' ')[0] ?? parameters[0] ?? terms[0] ?? 'loss',
    expected: 'finite losses and gradients',
    remedy: 'Lower the learning rate, raise the temperatures, or set clipNorm; the weights are those before this step.',
  });
}

/** Name of the first op whose result holds Inf or NaN, and whether forward or backward. */
async function firstNonFinite(input: StepInput): Promise<string | undefined> {
  const flags = new FiniteFlags(input.encoder.gpu);
  try {
    const observer = (kind: 'value' | 'gradient', tensor: Tensor): void =>
      flags.note(tensor, `${tensor.label} (${kind === 'value' ? 'forward' : 'backward'})`);
    (await recordGradients({ ...input, observer })).release();
    return await flags.first();
  } finally {
    flags.free();
  }
}

async function nonFiniteGradients({ encoder: { parameters } }: StepInput): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, data } of parameters.read('gradients')) if (!allFinite(data)) names.push(name);
  return names;
}

const allFinite = (values: Float32Array): boolean => values.every(Number.isFinite);
const listOf = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
