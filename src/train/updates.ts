/**
 * Makes updates without stalling: the figures of step n are read while the device computes the gradients of step n+1,
 * and checked before update n+1 is submitted, so weights are never changed after a step that was not finite.
 */
import type { PlannedUpdate } from '../data/samplers/sampler.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { type LossEntry, lossCatalog } from '../nn/losses/catalog.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { RunSettings } from './catalog.ts';
import type { TrainingData } from './data.ts';
import { diagnoseNonFinite, isFiniteReport } from './diagnose.ts';
import { drawBatch } from './draw.ts';
import { recordGradients, type StepInput } from './gradients.ts';
import { Pace } from './pace.ts';
import type { TrainedGroups } from './parameter-groups.ts';
import { readReport, type StepReport } from './report.ts';
import { scheduleFactor } from './schedule.ts';
import { summaryOf } from './step-batches.ts';
import { weightedSum } from './terms.ts';
import type { StepBatch, TrainEvent } from './types.ts';

export interface UpdateContext {
  readonly encoder: Encoder;
  /** Given where a term of the run needs one. */
  readonly teacher?: Encoder | undefined;
  readonly optimizer: Optimizer;
  readonly settings: RunSettings;
  readonly groups: Pick<TrainedGroups, 'rates'>;
  readonly data: readonly TrainingData[];
  /** Updates of the whole run. */
  readonly steps: number;
  readonly emit: (event: TrainEvent) => void;
  readonly turn: () => Promise<void>;
  /** Updates that the moments had seen before the run began. */
  readonly updatesBefore: number;
  /** Of every step: {@link StepInput}. */
  readonly pieceTokens?: number | undefined;
}

/** An update that was submitted and whose figures are not known yet. */
interface Pending {
  readonly input: StepInput;
  /** Counts from 0. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly report: Promise<StepReport>;
}

const lossRows: readonly LossEntry[] = lossCatalog;
/** The warning of a run for each case that a loss counts, by the name of the count. */
const warningTexts: Readonly<Record<string, string>> = Object.assign({}, ...lossRows.map(({ warnings }) => warnings));

const nothingLearned =
  'The only update had the learning rate 0, where the warm-up begins: the weights are as before. Train longer, or set warmupRatio to 0.';

export class UpdateQueue {
  readonly #context: UpdateContext;
  readonly #pace = new Pace(performance.now());
  #pending: Pending | undefined;

  constructor(context: UpdateContext) {
    this.#context = context;
  }

  /** Makes update `step` (from 1) of `epoch` (from 0); its figures come with the next call or with `settle`. */
  async make(planned: PlannedUpdate, { step, epoch }: { step: number; epoch: number }): Promise<void> {
    const { encoder, teacher, optimizer, settings, groups, data, steps, updatesBefore, turn, pieceTokens } =
      this.#context;
    const batches = planned.map((batch) => drawBatch({ settings, epoch, data }, batch));
    const input: StepInput = { encoder, teacher, settings, batches, step, turn, pieceTokens };
    const { beta1, beta2, epsilon, clipNorm, learningRate, warmupRatio } = settings.optimizer;
    const factor = scheduleFactor(step - 1, steps, warmupRatio);
    const rates = groups.rates.map((group) => ({ ...group, learningRate: group.learningRate * factor }));
    const recorded = await recordGradients(input);
    try {
      encoder.gpu.submit();
      await this.settle();
      const seen = { step: updatesBefore + step, groups: rates, clipNorm };
      optimizer.update({ beta1, beta2, epsilon, ...seen, guard: recorded.total });
      const report = readReport(encoder.gpu, recorded, optimizer.norm);
      // A failure is thrown where the promise is awaited; until then it must not be an unhandled rejection.
      report.catch(() => {});
      this.#pending = { input, epoch, learningRate: learningRate * factor, report };
    } finally {
      recorded.release();
    }
  }

  /** Waits for the figures of the update in progress and emits them. Rejects if they are not finite. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const report = await pending.report;
    if (!isFiniteReport(report)) throw await diagnoseNonFinite(pending.input, report);
    this.#tell(pending, report);
  }

  /** Waits for the update under way without telling it. */
  async abandon(): Promise<void> {
    await this.#pending?.report.catch(() => {});
    this.#pending = undefined;
  }

  #tell({ input, epoch, learningRate }: Pending, report: StepReport): void {
    const { steps, emit } = this.#context;
    const { step } = input;
    const batches = input.batches.map((batch, index): StepBatch => {
      const { components } = report.batches[index]!;
      return {
        ...{ task: batch.task, dataset: batch.dataset, components, tokens: batch.texts.ids.length },
        loss: weightedSum(batch.terms, components),
      };
    });
    const figures = summaryOf(batches);
    emit({
      type: 'step',
      step,
      steps,
      epoch: epoch + 1,
      ...figures,
      learningRate,
      gradientNorm: report.norm,
      ...this.#pace.note(performance.now(), figures.tokens, steps - step),
    });
    if (steps === 1 && learningRate === 0) emit({ type: 'warning', step, message: nothingLearned });
    const odd = report.batches.flatMap(({ warnings }) => Object.entries(warnings).filter(([, count]) => count > 0));
    for (const name of new Set(odd.map(([name]) => name))) {
      emit({ type: 'warning', step, message: warningTexts[name] ?? name });
    }
  }
}
