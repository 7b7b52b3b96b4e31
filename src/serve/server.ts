/**
 * What a device thread serves besides training: vectors, evaluations and searches, over warm models and resident
 * segments.
 */

import type { Gpu } from '../device/types.ts';
import { badInput } from '../errors.ts';
import type { Geometry } from '../evaluation/geometry/types.ts';
import type { EvaluationFigures } from '../evaluation/types.ts';
import type { MeasuredSplit } from '../evaluation/units/types.ts';
import { readModelSpec } from '../formats/model-folder.ts';
import { dimensionOf } from '../model/pipeline.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { commonKernels } from '../nn/kernels.ts';
import { searchVectors } from '../nn/nearest-neighbours.ts';
import { isPaced } from '../nn/piece-size.ts';
import type { Neighbours } from '../nn/types.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { readTokenFile } from '../tokens/token-file.ts';
import type { PackedTexts } from '../tokens/types.ts';
import { type EncodeOptions, encodeTexts, fittingTokens } from './encode.ts';
import { type EvaluateOptions, evaluateDimensions, evaluateSplit } from './evaluate.ts';
import { measureGeometry } from './geometry.ts';
import { Scheduler } from './scheduler.ts';
import { Segments } from './segments.ts';
import type { EncodeInput, EvaluateInput, GivenWeights, SearchInput, SplitOfTokens, VectorRows } from './types.ts';
import { WarmModels } from './warm-models.ts';

/** Longest wait of a long task for interactive ones: a few of their pieces, which take milliseconds on a GPU. */
const lullMs = 200;
/** The same where a piece takes about a second. */
const pacedLullMs = 2_000;
/** From a query's vector until its search comes, the main thread's database asked between them. */
const pacedLingerMs = 50;

export class DeviceServer {
  readonly scheduler: Scheduler;
  readonly #gpu: Gpu;
  readonly #storage: Storage;
  readonly #models: WarmModels;
  readonly #segments: Segments;

  constructor(gpu: Gpu, storage: Storage) {
    this.#gpu = gpu;
    this.#storage = storage;
    this.scheduler = isPaced(gpu) ? new Scheduler(pacedLullMs, pacedLingerMs) : new Scheduler(lullMs);
    this.#models = new WarmModels(gpu);
    this.#segments = new Segments(gpu);
  }

  /**
   * Starts compiling the kernels that every task needs while callers still read their data; a dispatch waits for its
   * kernel.
   */
  compile(): void {
    this.#gpu.task(() => this.#gpu.compile(commonKernels(this.#gpu.traits.form))).catch(() => {});
  }

  encode({ model, texts, task, unit }: EncodeInput, signal: AbortSignal): Promise<VectorRows> {
    return this.#models.use(this.#storage, model, async (encoder) => ({
      data: await this.#encodeWith(encoder, texts, { task, signal, unit: unit ?? encoder.spec.normalize ?? true }),
      count: texts.poolStart.length,
      dimension: dimensionOf(encoder.spec),
    }));
  }

  /**
   * Encodes ahead of long tasks unless the task is long itself. The model is loaded before, so that no other task waits
   * for the disk.
   */
  #encodeWith(
    encoder: Encoder,
    texts: PackedTexts,
    options: Pick<EncodeOptions, 'task' | 'signal' | 'unit'>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { scheduler } = this;
    return texts.ids.length > fittingTokens
      ? encodeTexts(encoder, texts, { ...options, turn: scheduler.turn })
      : scheduler.interactive(() => encodeTexts(encoder, texts, options));
  }

  async evaluate(
    input: EvaluateInput,
    options: Omit<EvaluateOptions, 'turn' | 'dimensions'>,
  ): Promise<MeasuredSplit[]> {
    const storage = this.#storage;
    const file = await readTokenFile(storage, input.tokens);
    const { turn } = this.scheduler;
    return this.#models.use(storage, input.model, (encoder) =>
      evaluateDimensions(encoder, file, input.split, { ...options, turn, pool: input.pool }, input.dimensions),
    );
  }

  /** Rejects where the split has no records. */
  async measureGeometry(
    { model, tokens, split }: Omit<EvaluateInput, 'pool' | 'dimensions'>,
    signal: AbortSignal,
  ): Promise<Geometry> {
    const file = await readTokenFile(this.#storage, tokens);
    const { turn } = this.scheduler;
    return this.#models.use(this.#storage, model, (encoder) => measureGeometry(encoder, file, split, { turn, signal }));
  }

  /**
   * Evaluates weights that a run has on the device, in place and as a part of its own task: nothing is published, no
   * unit is kept, and `turn` is the run's.
   */
  async evaluateInPlace(encoder: Encoder, set: SplitOfTokens, turn: () => Promise<void>): Promise<EvaluationFigures> {
    const file = await readTokenFile(this.#storage, set.tokens);
    const { units: _, ...figures } = await evaluateSplit(encoder, file, set.split, { turn, pool: set.pool });
    return figures;
  }

  /**
   * Runs `work` with an encoder that has the given weights, put in place of those that `place` had before. Not two at
   * once of one place.
   */
  async withWeights<T>(input: GivenWeights, work: (encoder: Encoder) => Promise<T>): Promise<T> {
    const spec = await readOwn(this.#storage, 'models', input.model, readModelSpec);
    return this.#models.useWeights(input.place, spec, input.tensors, work);
  }

  /** When aborted, rejects before the segment is read or between two tiles of queries. */
  async search({ segment, queries, k }: SearchInput, signal?: AbortSignal): Promise<Neighbours> {
    const goOn = async (): Promise<void> => signal?.throwIfAborted();
    if (queries.dimension !== segment.dimension || queries.data.length !== queries.count * queries.dimension) {
      throw badInput(`The queries have ${queries.dimension} dimensions, the collection has ${segment.dimension}`, {
        field: 'queries',
        expected: `${segment.dimension} dimensions`,
        remedy: "Embed the query with the collection's own checkpoint.",
      });
    }
    await goOn();
    return this.#segments.use(segment, async (pages) => {
      await goOn();
      const input = { pages, queries: queries.data, dimension: queries.dimension, k };
      return this.scheduler.interactive(() => searchVectors(this.#gpu, input, goOn));
    });
  }

  async forget({ segment, model }: { readonly segment?: string; readonly model?: string }): Promise<null> {
    if (segment !== undefined) await this.#segments.forget(segment);
    if (model !== undefined) await this.#models.forget(model);
    return null;
  }
}
