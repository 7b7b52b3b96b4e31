/** AdamW with global-norm clipping over the flat buffers of {@link Parameters}. */
import type { Gpu, Tensor } from '../device/types.ts';
import { adamW, exemptMask, globalNorm } from '../kernels/optim.ts';
import { undecayedRanges } from './parameter-layout.ts';
import type { Parameters } from './parameter-store.ts';

export interface UpdateSettings {
  /** Counts from 1 the updates that the moments see, this one included. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global gradient norm; null = no clipping. */
  readonly clipNorm: number | null;
  /** [1], the step's loss: if it is not finite, nothing is updated. */
  readonly guard: Tensor;
}

export class Optimizer {
  readonly #gpu: Gpu;
  readonly #parameters: Parameters;
  /** [1] norm of the last update's gradients, before clipping. */
  readonly norm: Tensor;
  /** One for each page. */
  readonly #exempt: readonly Tensor[];

  constructor(gpu: Gpu, parameters: Parameters) {
    this.#gpu = gpu;
    this.#parameters = parameters;
    this.norm = gpu.allocate('gradient norm', [1]);
    this.#exempt = parameters.layout.pages.map(({ bytes }, page) => {
      const mask = exemptMask(bytes / 4, undecayedRanges(parameters.layout, page));
      const tensor = gpu.allocate('exempt from decay', [mask.length], 'u32');
      gpu.write(tensor, mask);
      return tensor;
    });
  }

  /**
   * Records the update. Gradients or a loss that are not finite leave weights and moments unchanged; `norm` shows it.
   */
  update(settings: UpdateSettings): void {
    const gradients = this.#parameters.pages('gradients');
    const { clipNorm, guard, ...rest } = settings;
    globalNorm(this.#gpu, { gradients, out: this.norm, guard });
    gradients.forEach((page, index) => {
      adamW(this.#gpu, {
        ...rest,
        clipNorm: clipNorm ?? 0,
        parameters: this.#parameters.pages('values')[index]!,
        gradients: page,
        firstMoment: this.#parameters.pages('m')[index]!,
        secondMoment: this.#parameters.pages('v')[index]!,
        norm: this.norm,
        exempt: this.#exempt[index]!,
      });
    });
  }

  free(): void {
    for (const tensor of [this.norm, ...this.#exempt]) this.#gpu.free(tensor);
  }
}
