/** Finds which of many tensors holds Inf or NaN; flags are set on the device while the tensors are computed. */
import type { Gpu, Tensor } from '../device/types.ts';
import { flagNonFinite } from '../kernels/finite.ts';

const flagsPerPage = 1024;

/** One word on the device per tensor seen, so that no tensor has to outlive the step or come to the host. */
export class FiniteFlags {
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
