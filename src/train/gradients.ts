/**
 * The gradients of one update: of the mean of the losses of its batches. One batch after the other is encoded and gone
 * back through (step.ts), each with its share of the loss; no loss sees texts of two batches.
 */
import type { Gpu, Tensor } from '../device/types.ts';
import { addTotals } from '../nn/losses/context.ts';
import { type GlobalBatch, textCount } from './global-batch.ts';
import { inTurns } from './in-turns.ts';
import type { Objective } from './objective-types.ts';
import { type BatchInput, recordBatch } from './step.ts';

export interface StepInput extends Omit<BatchInput, 'batch' | 'share' | 'firstSample'> {
  /** At least one. */
  readonly batches: readonly GlobalBatch[];
}

export interface RecordedStep {
  /** [1], the weighted sum of all terms, each with its batch's share; not finite if a term is not. */
  readonly total: Tensor;
  /** The figures of each batch. */
  readonly batches: readonly Pick<Objective, 'components' | 'warnings'>[];
  release(): void;
}

/**
 * Records the gradients of an update into the parameters' gradient buffers, and the losses. The caller reads the
 * figures and releases them.
 */
export async function recordGradients(input: StepInput): Promise<RecordedStep> {
  const { batches, ...shared } = input;
  input.encoder.parameters.clearGradients();
  if (batches.length === 1) {
    const objective = await recordBatch({ ...shared, batch: batches[0]!, share: 1, firstSample: 0 });
    return { total: objective.total, batches: [objective], release: objective.release };
  }
  const figures = new Figures(input.encoder.gpu);
  try {
    let firstSample = 0;
    await inTurns(input, batches, async (batch) => {
      figures.take(await recordBatch({ ...shared, batch, share: 1 / batches.length, firstSample }));
      firstSample += textCount(batch);
    });
    return { total: figures.total, batches: figures.batches, release: () => figures.release() };
  } catch (error) {
    figures.release();
    throw error;
  }
}

/** Copies of objectives' figures, so that nothing else of a batch is held while the next one is computed. */
class Figures {
  readonly #gpu: Gpu;
  readonly #kept: Tensor[] = [];
  readonly batches: Pick<Objective, 'components' | 'warnings'>[] = [];
  total: Tensor;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.total = this.#lease('loss');
    gpu.clear(this.total);
  }

  /** Takes an objective's figures over and releases it. */
  take(objective: Objective): void {
    try {
      const copy = (name: string, value: Tensor): Tensor => {
        const own = this.#lease(name, value);
        this.#gpu.copy(value, own);
        return own;
      };
      const sum = this.#lease('loss');
      addTotals(this.#gpu, this.total, objective.total, sum);
      this.total = sum;
      this.batches.push({
        components: objective.components.map(([name, value, share]) => [name, copy(name, value), share]),
        warnings: objective.warnings.map(([name, count]) => [name, copy(name, count)]),
      });
    } finally {
      objective.release();
    }
  }

  #lease(label: string, like?: Tensor): Tensor {
    const tensor = this.#gpu.lease(label, [1], like?.dtype ?? 'f32');
    this.#kept.push(tensor);
    return tensor;
  }

  release(): void {
    for (const tensor of this.#kept.splice(0)) this.#gpu.release(tensor);
  }
}
