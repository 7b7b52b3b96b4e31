/** Finds where a value that is not finite first arose: the step is run again, and every op's result is tested on the device. */
import { TandemError } from '../errors.ts';
import type { Gpu, Tensor } from '../gpu/types.ts';
import { flagNonFinite } from '../kernels/finite.ts';
import type { StepReport } from './report.ts';
import { recordGradients, type StepInput } from './step.ts';

export const isFiniteReport = ({ components, norm }: StepReport): boolean =>
  Number.isFinite(norm) && Object.values(components).every(Number.isFinite);

/** The error that stops the run, naming step, loss terms, the first op at fault and the parameters' gradients. */
export async function diagnoseNonFinite(input: StepInput, report: StepReport): Promise<TandemError> {
  const terms = Object.entries(report.components)
    .filter(([, value]) => !Number.isFinite(value))
    .map(([name]) => name);
  // An abort must not hide what went wrong: the step is run again to its end.
  const first = await firstNonFinite({ ...input, turn: async () => {} });
  const parameters = await nonFiniteGradients(input);
  const found = [
    terms.length > 0 && `loss terms ${terms.join(', ')}`,
    first && `first in the ${first}`,
    parameters.length > 0 && `gradients of ${listOf(parameters)}`,
    `gradient norm ${report.norm} (also where it is too large for f32)`,
  ].filter((part) => typeof part === 'string');
  return new TandemError('BAD_USER_INPUT', `Step ${input.step} gave a value that is not finite: ${found.join('; ')}`, {
    field: first?.split(' ')[0] ?? parameters[0] ?? terms[0] ?? 'loss',
    expected: 'finite losses and gradients',
    remedy: 'Lower the learning rate, raise the temperatures, or set clipNorm; the weights are those before this step.',
  });
}

const flagsPerPage = 1024;

/** Name of the first op whose result holds Inf or NaN, and whether forward or backward. */
async function firstNonFinite(input: StepInput): Promise<string | undefined> {
  const flags = new Flags(input.encoder.gpu);
  try {
    const observer = (kind: 'value' | 'gradient', tensor: Tensor): void =>
      flags.note(tensor, `${tensor.label} (${kind === 'value' ? 'forward' : 'backward'})`);
    (await recordGradients({ ...input, observer })).release();
    return await flags.first();
  } finally {
    flags.free();
  }
}

/** One word on the device per tensor seen, so that no tensor has to outlive the step or come to the host. */
class Flags {
  readonly #gpu: Gpu;
  readonly #names: string[] = [];
  readonly #pages: Tensor[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  note(tensor: Tensor, name: string): void {
    const slot = this.#names.push(name) - 1;
    if (slot % flagsPerPage === 0) this.#pages.push(this.#gpu.allocate('non-finite flags', [flagsPerPage], 'u32'));
    flagNonFinite(this.#gpu, { x: tensor, flags: this.#pages.at(-1)!, slot: slot % flagsPerPage });
  }

  async first(): Promise<string | undefined> {
    for (const [page, tensor] of this.#pages.entries()) {
      const slot = (await this.#gpu.readU32(tensor)).findIndex((flag) => flag !== 0);
      if (slot >= 0) return this.#names[page * flagsPerPage + slot];
    }
    return undefined;
  }

  free(): void {
    for (const page of this.#pages.splice(0)) this.#gpu.free(page);
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
