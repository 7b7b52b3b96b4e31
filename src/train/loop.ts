/**
 * A training run on one device, from its start or from a state to its last update. Called by the device thread; it
 * knows no database and no other run. Events carry everything that must outlive it; checkpoints are in storage.
 */
import type { Gpu } from '../device/types.ts';
import { type ModelFolder, readModelFolder } from '../formats/model-folder.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { Optimizer } from '../nn/optimizer.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { loadForTraining, publishCheckpoint } from './checkpoint.ts';
import { loadTrainingData, type TrainingData } from './data.ts';
import { type PlannedDevice, planRun } from './plan.ts';
import { leftOutWarnings, samplingOfRun } from './sampling.ts';
import {
  checkResume,
  computeVersions,
  identityOf,
  loadMoments,
  type RunPosition,
  readState,
  recordedPacing,
  settingsDigest,
  updatesOf,
} from './state.ts';
import type { PlanInput, PlanOutput, TrainEvent, TrainInput, TrainOutput } from './types.ts';
import { UpdateQueue } from './updates.ts';

export interface TrainContext {
  readonly emit: (event: TrainEvent) => void;
  /** Aborting it finishes the micro-batch, writes a checkpoint and ends with the outcome `stopped`. */
  readonly signal: AbortSignal;
  /** Resolves when this task may continue; awaited between micro-batches. */
  readonly turn: () => Promise<void>;
  /** Tokens that the device is given at once; what the device's traits say unless a test wants fewer. */
  readonly pieceTokens?: number;
}

/** Thrown through a step that is given up half-way; nothing was changed then but the gradients. */
class StepGivenUp extends Error {}

/** What a run would need; touches no device memory. */
export async function planTraining(gpu: PlannedDevice, storage: Storage, input: PlanInput): Promise<PlanOutput> {
  const folder = await openInitial(storage, input.model);
  const data = await loadTrainingData(storage, input.datasets, folder.spec);
  return planRun(gpu, folder.spec, input.settings, data);
}

/** Trains. Resolves when the last update is made or the signal aborted; rejects with what went wrong. */
export async function train(
  gpu: Gpu,
  storage: Storage,
  input: TrainInput,
  context: TrainContext,
): Promise<TrainOutput> {
  const initial = await openInitial(storage, input.model);
  const data = await loadTrainingData(storage, input.datasets, initial.spec);
  const plan = planRun(gpu, initial.spec, input.settings, data);
  const begin = await beginning(gpu, storage, input);
  const encoder = await loadForTraining(gpu, storage, input.resume?.model ?? input.start?.model ?? input.model, {
    dropout: input.settings.attentionDropout > 0,
  });
  const optimizer = new Optimizer(gpu, encoder.parameters);
  try {
    if (begin.state !== undefined) await loadMoments(storage, begin.state, encoder.parameters);
    const run = new Run({ input, storage, initial, data, plan, encoder, optimizer, context, ...begin });
    return await run.toEnd();
  } finally {
    optimizer.free();
    encoder.parameters.free();
  }
}

/** theta_0's settings and paths; the weights are opened where they are loaded. */
async function openInitial(storage: Storage, model: string): Promise<ModelFolder> {
  const folder = await readOwn(storage, 'models', model, readModelFolder);
  await folder.close();
  return folder;
}

interface Beginning {
  readonly position: RunPosition;
  /** As in RunState. */
  readonly updatesBefore: number;
  /** Digest of the state whose moments it goes on with; absent = they are zero. */
  readonly state?: string;
}

async function beginning(gpu: Gpu, storage: Storage, input: TrainInput): Promise<Beginning> {
  const { resume, start, settings, datasets } = input;
  if (!resume) {
    const updatesBefore = start?.state === undefined ? 0 : updatesOf(await readState(storage, start.state));
    const position = { step: 0, epoch: 0, batch: 0 };
    return { position, updatesBefore, ...(start?.state !== undefined && updatesBefore > 0 && { state: start.state }) };
  }
  const state = await readState(storage, resume.state);
  checkResume(state, {
    model: resume.model,
    settings,
    datasets,
    adapter: gpu.adapter,
    traits: gpu.traits,
    allowDifferentAdapter: resume.allowDifferentAdapter ?? false,
  });
  const { position, updatesBefore = 0 } = state;
  return { position, updatesBefore, ...(updatesOf(state) > 0 && { state: resume.state }) };
}

interface RunParts extends Beginning {
  readonly input: TrainInput;
  readonly storage: Storage;
  readonly initial: ModelFolder;
  readonly data: readonly TrainingData[];
  readonly plan: PlanOutput;
  readonly encoder: Encoder;
  readonly optimizer: Optimizer;
  readonly context: TrainContext;
}

class Run {
  readonly #parts: RunParts;
  readonly #updates: UpdateQueue;
  #position: RunPosition;
  /** Step of the latest checkpoint. */
  #saved = -1;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#position = parts.position;
    this.#updates = new UpdateQueue({
      ...parts,
      settings: { ...parts.input.settings, microBatchTokens: parts.plan.microBatchTokens },
      emit: parts.context.emit,
      steps: parts.plan.steps,
      turn: () => this.#turn(),
      pieceTokens: parts.context.pieceTokens,
    });
  }

  async toEnd(): Promise<TrainOutput> {
    const { context, encoder, input, plan } = this.#parts;
    const { steps, epochs, batches, parameters, memory } = plan;
    const { adapter } = encoder.gpu;
    context.emit({ type: 'started', adapter, steps, epochs, batches, parameters, memoryBytes: memory.total });
    if (input.resume) this.#saved = this.#position.step;
    else await this.#checkpoint('initial');
    try {
      while (this.#position.step < steps) await this.#epoch();
    } catch (error) {
      if (!(error instanceof StepGivenUp)) throw error;
      await this.#updates.settle();
      if (this.#saved !== this.#position.step) await this.#checkpoint('stop');
      return this.#output('stopped');
    } finally {
      await this.#updates.abandon();
    }
    return this.#output('finished');
  }

  /** The rest of the current epoch, and its checkpoint. */
  async #epoch(): Promise<void> {
    const { input, plan, data, context } = this.#parts;
    const { settings } = input;
    const { epoch } = this.#position;
    const { updates: planned, leftOut } = samplingOfRun(settings, data).planEpoch(epoch);
    if (this.#position.batch === 0) {
      const { step } = this.#position;
      for (const message of leftOutWarnings(epoch, leftOut, data)) context.emit({ type: 'warning', step, message });
    }
    while (this.#position.batch < planned.length && this.#position.step < plan.steps) {
      await this.#turn();
      const { step, batch } = this.#position;
      await this.#updates.make(planned[batch]!, { step: step + 1, epoch });
      this.#position = { step: step + 1, epoch, batch: batch + 1 };
      const last = step + 1 === plan.steps || batch + 1 === planned.length;
      const every = settings.checkpointEverySteps;
      if (!last && every !== null && (step + 1) % every === 0) await this.#checkpoint('interval');
    }
    if (this.#position.batch === planned.length) this.#position = { ...this.#position, epoch: epoch + 1, batch: 0 };
    await this.#checkpoint('epoch');
  }

  async #turn(): Promise<void> {
    const { context } = this.#parts;
    await context.turn();
    if (context.signal.aborted) throw new StepGivenUp();
  }

  async #checkpoint(reason: 'initial' | 'epoch' | 'interval' | 'stop'): Promise<void> {
    const { storage, encoder, initial, input, context, updatesBefore } = this.#parts;
    await this.#updates.settle();
    const position = this.#position;
    const published = await publishCheckpoint(
      storage,
      encoder,
      { digest: input.model, start: input.start?.model ?? input.model, folder: initial },
      {
        position,
        settings: settingsDigest(input.settings),
        datasets: input.datasets,
        ...(updatesBefore > 0 && { updatesBefore }),
        adapter: identityOf(encoder.gpu.adapter),
        versions: computeVersions(),
        ...recordedPacing(encoder.gpu.traits),
      },
    );
    this.#saved = position.step;
    context.emit({ type: 'checkpoint', reason, step: position.step, epoch: this.#epochsBegun(), ...published });
  }

  /** The epoch in progress or just ended, from 1; 0 before the first step. */
  #epochsBegun(): number {
    const { step, epoch, batch } = this.#position;
    if (step === 0) return 0;
    return batch === 0 ? epoch : epoch + 1;
  }

  #output(outcome: TrainOutput['outcome']): TrainOutput {
    return { outcome, step: this.#position.step, epoch: this.#epochsBegun() };
  }
}
