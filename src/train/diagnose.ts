/** Finds where a value that is not finite first arose: the step is run again, and every op's result is read. */
import { TandemError } from '../errors.ts';
import type { Tensor } from '../gpu/types.ts';
import type { StepReport } from './report.ts';
import { recordGradients, type StepInput } from './step.ts';

export const isFiniteReport = ({ components, norm }: StepReport): boolean =>
  Number.isFinite(norm) && Object.values(components).every(Number.isFinite);

/** The error that stops the run, naming step, loss terms, the first op at fault and the parameters' gradients. */
export async function diagnoseNonFinite(input: StepInput, report: StepReport): Promise<TandemError> {
  const terms = Object.entries(report.components)
    .filter(([, value]) => !Number.isFinite(value))
    .map(([name]) => name);
  const first = await firstNonFinite(input);
  const parameters = await nonFiniteGradients(input);
  const found = [
    terms.length > 0 && `loss terms ${terms.join(', ')}`,
    first && `first in the ${first}`,
    parameters.length > 0 && `gradients of ${listOf(parameters)}`,
    `gradient norm ${report.norm}`,
  ].filter((part) => typeof part === 'string');
  return new TandemError('BAD_USER_INPUT', `Step ${input.step} gave a value that is not finite: ${found.join('; ')}`, {
    field: first?.split(' ')[0] ?? parameters[0] ?? terms[0] ?? 'loss',
    expected: 'finite losses and gradients',
    remedy: 'Lower the learning rate, raise the temperatures, or set clipNorm; the weights are those before this step.',
  });
}

/** Name of the first op whose result holds Inf or NaN, and whether forward or backward. */
async function firstNonFinite(input: StepInput): Promise<string | undefined> {
  const { gpu } = input.encoder;
  const seen: { name: string; values: Promise<Float32Array> }[] = [];
  const observer = (kind: 'value' | 'gradient', tensor: Tensor): void => {
    const name = `${tensor.label} (${kind === 'value' ? 'forward' : 'backward'})`;
    seen.push({ name, values: gpu.read(tensor) });
  };
  (await recordGradients({ ...input, observer })).release();
  for (const { name, values } of seen) if (!allFinite(await values)) return name;
  return undefined;
}

async function nonFiniteGradients({ encoder: { parameters } }: StepInput): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, data } of parameters.read('gradients')) if (!allFinite(data)) names.push(name);
  return names;
}

const allFinite = (values: Float32Array): boolean => values.every(Number.isFinite);
const listOf = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
