/** What a device thread serves besides training: vectors, evaluations and searches, over warm models and resident segments. */
import { readTokenFile } from '../data/token-file.ts';
import { tokenFileName } from '../data/tokenize-dataset.ts';
import type { Split } from '../data/types.ts';
import type { Gpu } from '../device/types.ts';
import { badInput } from '../errors.ts';
import type { EvaluationFigures } from '../evaluation/result.ts';
import { dimensionOf } from '../formats/pipeline/catalog.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { commonKernels } from '../nn/kernels.ts';
import { type Neighbours, searchVectors } from '../nn/search.ts';
import type { PackedTexts } from '../nn/types.ts';
import { openStorage } from '../storage/storage.ts';
import { encodeTexts, fittingTokens } from './encode.ts';
import { type EvaluateOptions, evaluateSplit } from './evaluate.ts';
import { Scheduler } from './scheduler.ts';
import { type SegmentRequest, Segments } from './segments.ts';
import { WarmModels } from './warm-models.ts';

/** Row-major vectors. */
export interface VectorRows {
  readonly data: Float32Array;
  readonly count: number;
  readonly dimension: number;
}

export interface EncodeInput {
  readonly storageRoot: string;
  readonly model: string;
  readonly texts: PackedTexts;
  /** True: vectors of length 1 whatever the model says. Absent: as the model's pipeline gives them. */
  readonly unit?: boolean;
}

/** Longest wait of a long task for interactive ones: a few of their pieces, which take milliseconds on hardware. */
const lullMs = 200;
const softwareLullMs = 2_000;

export class DeviceServer {
  readonly scheduler: Scheduler;
  readonly #gpu: Gpu;
  readonly #models: WarmModels;
  readonly #segments: Segments;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.scheduler = new Scheduler(gpu.adapter.software ? softwareLullMs : lullMs);
    this.#models = new WarmModels(gpu);
    this.#segments = new Segments(gpu);
  }

  /** Begins to compile what every task needs, while callers still read their data; whoever needs a kernel waits for it. */
  compile(): void {
    this.#gpu.task(() => this.#gpu.compile(commonKernels(this.#gpu))).catch(() => {});
  }

  encode({ storageRoot, model, texts, unit }: EncodeInput, signal: AbortSignal): Promise<VectorRows> {
    const storage = openStorage(storageRoot);
    return this.#models.use(storage, model, async (encoder) => ({
      data: await this.#encodeWith(encoder, texts, { signal, unit: unit ?? encoder.spec.normalize ?? true }),
      count: texts.poolStart.length,
      dimension: dimensionOf(encoder.spec),
    }));
  }

  /** Ahead of long tasks, unless it is long itself. The model is loaded before, so that nobody waits for the disk. */
  #encodeWith(
    encoder: Encoder,
    texts: PackedTexts,
    options: { readonly signal: AbortSignal; readonly unit: boolean },
  ): Promise<Float32Array<ArrayBuffer>> {
    const { scheduler } = this;
    return texts.ids.length > fittingTokens
      ? encodeTexts(encoder, texts, { ...options, turn: scheduler.turn })
      : scheduler.interactive(() => encodeTexts(encoder, texts, options));
  }

  async evaluate(
    input: { readonly storageRoot: string; readonly model: string; readonly tokens: string; readonly split: Split },
    options: Omit<EvaluateOptions, 'turn'>,
  ): Promise<EvaluationFigures> {
    const storage = openStorage(input.storageRoot);
    const file = await readTokenFile(await storage.require('tokens', tokenFileName(input.tokens)));
    const { turn } = this.scheduler;
    return this.#models.use(storage, input.model, (encoder) =>
      evaluateSplit(encoder, file, input.split, { ...options, turn }),
    );
  }

  /** Aborted, it ends before the segment is read, or between two tiles of queries. */
  async search(
    { segment, queries, k }: { readonly segment: SegmentRequest; readonly queries: VectorRows; readonly k: number },
    signal?: AbortSignal,
  ): Promise<Neighbours> {
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
