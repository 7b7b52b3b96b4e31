/**
 * The commands that the main thread gives its worker threads: its input, its output, and the events on the way.
 * Each layer's types.ts owns the types; everything is plain data and typed arrays. `jobs` (main thread) calls,
 * workers/device.ts and workers/cpu.ts answer; workers/runtime.ts carries it.
 */
import type {
  CreatedModel,
  CreateModelInput,
  DeriveModelInput,
  ImportedModel,
  TaskModelRequest,
} from '../src/authoring/types.ts';
import type { DatasetSummary, ImportRequest, Split, Task } from '../src/data/types.ts';
import type { AdapterReport } from '../src/device/types.ts';
import type { Geometry } from '../src/evaluation/geometry/types.ts';
import type { OverlapCounts, OverlapInput } from '../src/evaluation/overlaps/types.ts';
import type { CompareInput, Comparison } from '../src/evaluation/statistics/types.ts';
import type { MeasuredSplit, PublishUnitsInput } from '../src/evaluation/units/types.ts';
import type { Candidate, CandidateInput, CandidateWeights, Scored, SearchSpace } from '../src/fusion/search/types.ts';
import type { FusedModel, FuseInput, PlanSize } from '../src/fusion/types.ts';
import type { HubProgress, HubReference, HubSettings, HubSnapshot } from '../src/hub/types.ts';
import type { Heads } from '../src/model/types.ts';
import type { Neighbours } from '../src/nn/types.ts';
import type { EncodeInput, EvaluateInput, GivenWeights, SearchInput, VectorRows } from '../src/serve/types.ts';
import type { StoredObject } from '../src/storage/objects.ts';
import type { Finding } from '../src/storage/verify.ts';
import type {
  TokenFileReport,
  TokenizeDatasetInput,
  TokenizedTexts,
  TokenizeTextsInput,
  TokenizeWholeInput,
  TokenizeWholeOutput,
} from '../src/tokens/types.ts';
import type { OptimizerSettings } from '../src/train/catalog.ts';
import type {
  DevSet,
  JointFigures,
  PlanInput,
  PlanOutput,
  TrainEvent,
  TrainInput,
  TrainOutput,
} from '../src/train/types.ts';

/** A command: its input, its output, and the events on the way. */
export interface Command<Input, Output, Event = never> {
  readonly input: Input;
  readonly output: Output;
  readonly event: Event;
}

/** What a thread is started with. */
export interface ThreadData {
  /** Root folder of storage/ on this host; every digest in a command names something in it. */
  readonly storageRoot: string;
  /** As in src/device/open.ts. */
  readonly adapter: string;
  readonly threads?: number | undefined;
  readonly simd?: 'relaxed' | 'fixed' | undefined;
}

export interface DeviceCommands {
  /** The adapter in use; asked first, so that a machine without any adapter is reported at start. */
  describe: Command<Record<never, never>, AdapterReport>;
  /** Bytes that tensors take now (`persistent`, `pooled`), took at most, and may take; null = no bound of its own. */
  memory: Command<
    Record<never, never>,
    { readonly persistent: number; readonly pooled: number; readonly peak: number; readonly most: number | null }
  >;
  /** What a run would need, before it starts: steps and device memory; refuses what cannot fit. */
  plan: Command<PlanInput, PlanOutput>;
  train: Command<TrainInput, TrainOutput, TrainEvent>;
  encode: Command<EncodeInput, VectorRows>;
  evaluate: Command<EvaluateInput, readonly MeasuredSplit[], { readonly encoded: number; readonly total: number }>;
  measureGeometry: Command<Omit<EvaluateInput, 'pool' | 'dimensions'>, Geometry>;
  /** Evaluates weights that lie in no folder on `sets`; `weights` are those of the tasks in the joint score. */
  evaluateWeights: Command<
    GivenWeights & { readonly sets: readonly DevSet[]; readonly weights: Readonly<Record<Task, number>> },
    JointFigures
  >;
  search: Command<SearchInput, Neighbours>;
  /** Forgets a collection's resident segment, or a warm model by its digest or the place of given weights. */
  forget: Command<{ readonly segment?: string; readonly model?: string }, null>;
}

export interface CpuCommands {
  importDataset: Command<ImportRequest, DatasetSummary, { readonly lines: number }>;
  createModel: Command<CreateModelInput, CreatedModel, { readonly stage: string }>;
  /** Of a model in storage. */
  deriveModel: Command<DeriveModelInput, CreatedModel, { readonly done: number; readonly total: number }>;
  /**
   * `path` is a model folder; `within` the folder that no file of it may lie outside of, absent = any. Without `heads`
   * it has those of the folder.
   */
  importModel: Command<
    { readonly path: string; readonly within?: string; readonly heads?: Heads | undefined },
    ImportedModel,
    { readonly done: number; readonly total: number }
  >;
  /** Writes the export of a model with heads for one of its tasks. */
  writeTaskModel: Command<TaskModelRequest, void>;
  /** Downloads a model, or finds it downloaded; the folder may be imported and stays as it is. */
  downloadModel: Command<
    { readonly reference: HubReference; readonly settings: HubSettings },
    HubSnapshot,
    HubProgress
  >;
  tokenizeDataset: Command<TokenizeDatasetInput, TokenFileReport>;
  /** Whether the groups fit the parameters of a model, and train those that a run before it did (`before`). */
  checkParameterGroups: Command<
    { readonly model: string; readonly optimizer: OptimizerSettings; readonly before?: OptimizerSettings },
    void
  >;
  tokenizeTexts: Command<TokenizeTextsInput, TokenizedTexts>;
  /** Ids and code-point offsets of texts as they stand, without truncation. */
  tokenizeWhole: Command<TokenizeWholeInput, TokenizeWholeOutput>;
  /** `dataset` is the digest of a data set version; `pool` its pooled corpus, absent = all documents. */
  evaluateBagOfWords: Command<
    { readonly dataset: string; readonly split: Split; readonly pool?: Uint32Array },
    MeasuredSplit
  >;
  /** Keeps what each unit got under the ids of its data set; the digests of the folders, in order. */
  publishUnits: Command<PublishUnitsInput, readonly string[]>;
  /** Tests between two evaluations on the same records. */
  compareUnits: Command<CompareInput, Comparison>;
  /** What a split shares with the data sets that were trained on. */
  countOverlap: Command<OverlapInput, OverlapCounts>;
  /** Whether a training record has scores of a teacher. `dataset` is the digest of a data set version. */
  hasTeacherScores: Command<{ readonly dataset: string }, boolean>;
  /** Positions of the documents of a pooled corpus, ascending. `dataset` is the digest of a data set version. */
  poolCorpus: Command<{ readonly dataset: string; readonly split: Split }, Uint32Array>;
  /** What a fusion would take; refuses what it would refuse before it reads weights. */
  planFusion: Command<FuseInput, PlanSize>;
  fuse: Command<FuseInput, FusedModel, { readonly done: number; readonly total: number }>;
  /** What a search tries after the candidates before; null = there is nothing left to try. */
  nextCandidate: Command<{ readonly space: SearchSpace; readonly before: readonly Scored[] }, Candidate | null>;
  /** The weights of a candidate, which are written nowhere. */
  candidateWeights: Command<CandidateInput, CandidateWeights>;
  /** Reads all of an object. */
  verifyObject: Command<StoredObject, readonly Finding[]>;
}
