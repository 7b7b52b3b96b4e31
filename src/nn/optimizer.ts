/**
 * AdamW with global-norm clipping over the flat buffers of {@link Parameters}, each page with the rates of its group.
 * The norm is that of all gradients there are: of all groups together, without frozen parameters.
 */
import type { Gpu, Tensor } from '../device/types.ts';
import { adamW, exemptMask, globalNorm } from '../kernels/optim.ts';
import { undecayedRanges } from './parameter-layout.ts';
import type { Parameters } from './parameter-store.ts';

/** What the groups of parameters may have of their own. */
interface GroupRates {
  readonly learningRate: number;
  readonly weightDecay: number;
}

export interface UpdateSettings {
  /** Counts from 1 the updates that the moments see, this one included. */
  readonly step: number;
  /** By the number of the group. */
  readonly groups: readonly GroupRates[];
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
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
  /** One for each page that is trained. */
  readonly #exempt: ReadonlyMap<number, Tensor>;

  constructor(gpu: Gpu, parameters: Parameters) {
    this.#gpu = gpu;
    this.#parameters = parameters;
    this.norm = gpu.allocate('gradient norm', [1]);
    const { layout } = parameters;
    const exemptOf = (page: number): Tensor => {
      const mask = exemptMask(layout.pages[page]!.bytes / 4, undecayedRanges(layout, page));
      const tensor = gpu.allocate('exempt from decay', [mask.length], 'u32');
      gpu.write(tensor, mask);
      return tensor;
    };
    this.#exempt = new Map(parameters.trainedPages().map(({ page }) => [page, exemptOf(page)]));
  }

  /**
   * Records the update. Gradients or a loss that are not finite leave weights and moments unchanged; `norm` shows it.
   */
  update(settings: UpdateSettings): void {
    const gradients = this.#parameters.pages('gradients');
    const { groups, clipNorm, guard, ...rest } = settings;
    globalNorm(this.#gpu, { gradients, out: this.norm, guard });
    for (const { page, group, ...copies } of this.#parameters.trainedPages()) {
      adamW(this.#gpu, {
        ...rest,
        ...groups[group]!,
        clipNorm: clipNorm ?? 0,
        parameters: copies.values,
        gradients: copies.gradients,
        firstMoment: copies.m,
        secondMoment: copies.v,
        norm: this.norm,
        exempt: this.#exempt.get(page)!,
      });
    }
  }

  free(): void {
    for (const tensor of [this.norm, ...this.#exempt.values()]) this.#gpu.free(tensor);
  }
}
