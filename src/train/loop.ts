/**
 * A training run on one device, from its start or from a state to its last update. Called by the device thread; it
 * knows no database and no other run. Events carry everything that must outlive it; checkpoints are in storage.
 */
import type { Gpu } from '../device/types.ts';
import { invariant } from '../errors.ts';
import { type ModelFolder, readModelFolder } from '../formats/model-folder.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { Optimizer } from '../nn/optimizer.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { loadForEncoding, loadForTraining, publishCheckpoint } from './checkpoint.ts';
import { loadTrainingData, type TrainingData } from './data.ts';
import { DevMonitor, type EvaluateDev } from './dev.ts';
import { groupParameters, type TrainedGroups } from './parameter-groups.ts';
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
  /** Needed where the settings ask for evaluation on dev sets. */
  readonly evaluate?: EvaluateDev;
}

type CheckpointReason = Extract<TrainEvent, { type: 'checkpoint' }>['reason'];

/** Thrown through a step that is given up half-way; nothing was changed then but the gradients. */
class StepGivenUp extends Error {}

/** What a run would need; touches no device memory. */
export const planTraining = async (gpu: PlannedDevice, storage: Storage, input: PlanInput): Promise<PlanOutput> =>
  (await planned(gpu, storage, input)).plan;

/** The plan of a run, and what it was made of. */
async function planned(gpu: PlannedDevice, storage: Storage, { model, teacher, datasets, settings }: PlanInput) {
  const initial = await openFolder(storage, model);
  const taughtBy = teacher === undefined ? undefined : (await openFolder(storage, teacher)).spec;
  const data = await loadTrainingData(storage, datasets, initial.spec, taughtBy);
  return { initial, data, plan: planRun(gpu, initial.spec, settings, data, taughtBy) };
}

/** Trains. Resolves when the last update is made or the signal aborted; rejects with what went wrong. */
export async function train(
  gpu: Gpu,
  storage: Storage,
  input: TrainInput,
  context: TrainContext,
): Promise<TrainOutput> {
  const { initial, data, plan } = await planned(gpu, storage, input);
  const groups = groupParameters(initial.spec, input.settings.optimizer);
  const dev = devOf(input, context);
  await dev?.check(storage, initial.spec);
  const begin = await beginning(gpu, storage, input, dev);
  const encoder = await loadForTraining(gpu, storage, input.resume?.model ?? input.start?.model ?? input.model, {
    dropout: input.settings.attentionDropout > 0,
    groupOf: groups.groupOf,
  });
  const optimizer = new Optimizer(gpu, encoder.parameters);
  let teacher: Encoder | undefined;
  try {
    if (input.teacher !== undefined) teacher = await loadForEncoding(gpu, storage, input.teacher);
    if (begin.state !== undefined) await loadMoments(storage, begin.state, encoder.parameters);
    const parts = { input, storage, initial, data, plan, groups, encoder, teacher, optimizer, context, dev, ...begin };
    return await new Run(parts).toEnd();
  } finally {
    optimizer.free();
    encoder.parameters.free();
    teacher?.parameters.free();
  }
}

/** A model's settings and paths; the weights are opened where they are loaded. */
async function openFolder(storage: Storage, model: string): Promise<ModelFolder> {
  const folder = await readOwn(storage, 'models', model, readModelFolder);
  await folder.close();
  return folder;
}

function devOf({ settings, dev: sets = [] }: TrainInput, { evaluate }: TrainContext): DevMonitor | null {
  if (settings.dev === null) return null;
  invariant(evaluate && sets.length > 0, 'A run with evaluation names dev sets and is given what evaluates them');
  return new DevMonitor(settings.dev, sets, evaluate);
}

interface Beginning {
  readonly position: RunPosition;
  /** As in RunState. */
  readonly updatesBefore: number;
  /** Digest of the state whose moments it goes on with; absent = they are zero. */
  readonly state?: string;
}

/** `dev` goes on with it. */
async function beginning(gpu: Gpu, storage: Storage, input: TrainInput, dev: DevMonitor | null): Promise<Beginning> {
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
    teacher: input.teacher,
    devSets: dev?.state.sets ?? null,
    adapter: gpu.adapter,
    traits: gpu.traits,
    allowDifferentAdapter: resume.allowDifferentAdapter ?? false,
  });
  if (state.dev) dev?.resume(state.dev);
  const { position, updatesBefore = 0 } = state;
  return { position, updatesBefore, ...(updatesOf(state) > 0 && { state: resume.state }) };
}

interface RunParts extends Beginning {
  readonly input: TrainInput;
  readonly storage: Storage;
  readonly initial: ModelFolder;
  readonly data: readonly TrainingData[];
  readonly plan: PlanOutput;
  readonly groups: TrainedGroups;
  readonly encoder: Encoder;
  readonly teacher: Encoder | undefined;
  readonly optimizer: Optimizer;
  readonly context: TrainContext;
  /** Null = the run is not evaluated. */
  readonly dev: DevMonitor | null;
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
      let goesOn = await this.#evaluateIfDue();
      while (goesOn && this.#position.step < steps) goesOn = await this.#epoch();
    } catch (error) {
      if (!(error instanceof StepGivenUp)) throw error;
      await this.#updates.settle();
      if (this.#saved !== this.#position.step) await this.#checkpoint('stop');
      return this.#output('stopped');
    } finally {
      await this.#updates.abandon();
    }
    return this.#output(this.#position.step < steps ? 'early-stopped' : 'finished');
  }

  /** The rest of the current epoch, with the checkpoints and evaluations in it; false = the run ends early. */
  async #epoch(): Promise<boolean> {
    const { input, plan, data, context } = this.#parts;
    const { settings } = input;
    const { epoch } = this.#position;
    const { updates: planned, leftOut } = samplingOfRun(settings, data).planEpoch(epoch);
    if (this.#position.batch === 0) {
      const { step } = this.#position;
      for (const message of leftOutWarnings(epoch, leftOut, data)) context.emit({ type: 'warning', step, message });
    }
    for (;;) {
      await this.#turn();
      const { step, batch } = this.#position;
      await this.#updates.make(planned[batch]!, { step: step + 1, epoch });
      const ended = batch + 1 === planned.length;
      this.#position = { step: step + 1, ...(ended ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batch + 1 }) };
      const reason = this.#dueCheckpoint();
      if (reason) await this.#checkpoint(reason);
      if (!(await this.#evaluateIfDue())) return false;
      if (ended || step + 1 === plan.steps) return true;
    }
  }

  /** The checkpoint that belongs to the current position. */
  #dueCheckpoint(): 'initial' | 'epoch' | 'interval' | undefined {
    const { step, batch } = this.#position;
    const { checkpointEverySteps: every } = this.#parts.input.settings;
    if (step === 0) return 'initial';
    if (batch === 0 || step === this.#parts.plan.steps) return 'epoch';
    return every !== null && step % every === 0 ? 'interval' : undefined;
  }

  /**
   * Evaluates where that is due and was not done before a stop; false = the run ends early. Comes after the checkpoint
   * of its step, whose state is then that before the evaluation: a run that goes on from there evaluates once more, to
   * the same figures.
   */
  async #evaluateIfDue(): Promise<boolean> {
    const { dev, encoder, context, plan } = this.#parts;
    const { step } = this.#position;
    const mayEnd = step < plan.steps;
    if (dev?.isDue(step, this.#dueCheckpoint() !== undefined)) {
      await this.#updates.settle();
      const found = await dev.evaluate(encoder, step, () => this.#turn());
      if (this.#saved !== step && found.best.step === step) await this.#checkpoint('best');
      else if (this.#saved !== step && mayEnd && dev.isExhausted(found)) await this.#checkpoint('stop');
      dev.goOnFrom(found);
      context.emit({ type: 'evaluation', epoch: this.#epochsBegun(), ...found });
    }
    return !(mayEnd && dev?.isExhausted());
  }

  async #turn(): Promise<void> {
    const { context } = this.#parts;
    await context.turn();
    if (context.signal.aborted) throw new StepGivenUp();
  }

  async #checkpoint(reason: CheckpointReason): Promise<void> {
    const { storage, encoder, initial, input, dev, context, updatesBefore } = this.#parts;
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
        ...(input.teacher !== undefined && { teacher: input.teacher }),
        ...(updatesBefore > 0 && { updatesBefore }),
        ...(dev && { dev: dev.state }),
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
