/**
 * Evaluation while a run trains (docs/method.md section 6): the joint score, the best one so far, and patience. It
 * reads weights and nothing else of the run, so a run with it makes the weights of one without.
 */
import { createHash } from 'node:crypto';
import type { Task } from '../data/types.ts';
import { badInput, invariant } from '../errors.ts';
import type { EvaluationFigures } from '../evaluation/types.ts';
import type { ModelSpec } from '../model/types.ts';
import { checkTexts } from '../nn/batch.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import type { Storage } from '../storage/storage.ts';
import { readTokenFile } from '../tokens/token-file.ts';
import { tokenContent } from '../tokens/tokenize-dataset.ts';
import type { DevSettings } from './catalog.ts';
import type { DevFigures, DevScore, DevSet, JointFigures } from './types.ts';

/** Scores the weights that are on the device as they are; given by the caller, since serve/ evaluates, not train/. */
export type EvaluateDev = (
  encoder: Encoder,
  set: DevSet,
  /** Awaited between pieces of work; what it throws ends the evaluation. */
  turn: () => Promise<void>,
) => Promise<EvaluationFigures>;

/** What of the evaluations so far decides how a run goes on; part of its resumable state. */
export interface DevProgress {
  /** Updates made before the last evaluation. */
  readonly step: number;
  readonly best: DevScore;
  /** Evaluations in a row that were not above the best before them + minDelta. */
  readonly stale: number;
}

/** The progress after another evaluation. Of equal scores the earlier one stays the best. */
export function judge(
  before: DevProgress | null,
  { step, score }: DevScore,
  { minDelta }: Pick<DevSettings, 'minDelta'>,
): DevProgress {
  if (before === null) return { step, best: { step, score }, stale: 0 };
  return {
    step,
    best: score > before.best.score ? { step, score } : before.best,
    stale: score > before.best.score + minDelta ? 0 : before.stale + 1,
  };
}

/**
 * The weighted sum over the tasks of the mean of the sets' main figures: nDCG@10 (IR), Spearman (STS). Throws where a
 * figure that counts is undefined.
 */
export function jointScore(figures: readonly DevFigures[], weights: Readonly<Record<Task, number>>): number {
  let score = 0;
  for (const task of ['ir', 'sts'] as const) {
    if (weights[task] === 0) continue;
    const values = figures.filter((set) => set.task === task).map(mainOf);
    invariant(values.length > 0, `The joint score weighs ${task} and no dev set is of that task`);
    score += weights[task] * meanOf(values);
  }
  return score;
}

/** The mean of the main figures of the sets of a task; null without a set, or where a figure has no value. */
function taskScore(figures: readonly DevFigures[], task: Task): number | null {
  const values = figures.filter((set) => set.task === task).map(({ main, metrics }) => metrics[main]);
  const defined = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  return values.length > 0 && defined.length === values.length ? meanOf(defined) : null;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function mainOf({ dataset, split, main, metrics, undefinedReasons }: DevFigures): number {
  const value = metrics[main];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw badInput(`The joint score is undefined: ${main} of ${dataset}, split ${split}, has no value`, {
    reason: 'undefined-figure',
    field: 'devSets',
    expected: `a defined figure of every dev set that counts; here ${undefinedReasons[main] ?? 'it is not finite'}`,
    remedy: 'Name another dev set, or give the task the weight 0.',
  });
}

/** The figures of the weights that are on the device on each of the sets, in their order. */
export async function evaluateSets(
  encoder: Encoder,
  sets: readonly DevSet[],
  evaluate: EvaluateDev,
  turn: () => Promise<void>,
): Promise<DevFigures[]> {
  const figures: DevFigures[] = [];
  for (const set of sets) {
    const found = await evaluate(encoder, set, turn);
    figures.push({ ...found, dataset: set.name, split: set.split, pooled: set.pool !== undefined });
  }
  return figures;
}

export const jointFigures = (
  figures: readonly DevFigures[],
  weights: Readonly<Record<Task, number>>,
): JointFigures => ({
  figures,
  score: jointScore(figures, weights),
  ir: taskScore(figures, 'ir'),
  sts: taskScore(figures, 'sts'),
});

/**
 * sha256 (hex) of all that a request decides about what is evaluated. Not of the documents of a pool: tf-idf cuts words
 * as the ICU of this Node does, and another version may pool others. The state of a run keeps those it began with.
 */
function devSetsDigest(sets: readonly DevSet[]): string {
  const rows = sets.map(({ name, task, split, digest, tokens, pool }) =>
    JSON.stringify([name, task, split, digest, tokenContent(tokens), ...(pool ? ['pooled'] : [null])]),
  );
  return createHash('sha256')
    .update(rows.map((row) => `${row}\n`).join(''))
    .digest('hex');
}

/** Evaluation on dev sets as the state of a run keeps it. */
export interface DevState {
  /** As `devSetsDigest` gives it. */
  readonly sets: string;
  /** Null before the first evaluation. */
  readonly progress: DevProgress | null;
  /** By dev set the pooled positions, little-endian u32 in base64, null = not pooled; absent where no set is. */
  readonly pools?: readonly (string | null)[];
}

const packed = (pool: Uint32Array): string =>
  Buffer.from(pool.buffer, pool.byteOffset, pool.byteLength).toString('base64');

const unpacked = (text: string): Uint32Array => new Uint32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);

/** What an evaluation found, and the progress that it makes. */
export interface DevEvaluation extends DevProgress {
  readonly score: number;
  /** In the order of the dev sets. */
  readonly figures: readonly DevFigures[];
  readonly seconds: number;
}

/** The evaluations of one run. */
export class DevMonitor {
  readonly #settings: DevSettings;
  #sets: readonly DevSet[];
  readonly #evaluate: EvaluateDev;
  #progress: DevProgress | null = null;

  constructor(settings: DevSettings, sets: readonly DevSet[], evaluate: EvaluateDev) {
    this.#settings = settings;
    this.#sets = sets;
    this.#evaluate = evaluate;
  }

  /** The part of a run's state that says on what it is evaluated, and how far it is. */
  get state(): DevState {
    const pools = this.#sets.map(({ pool }) => (pool ? packed(pool) : null));
    const isPooled = pools.some((pool) => pool !== null);
    return { sets: devSetsDigest(this.#sets), progress: this.#progress, ...(isPooled && { pools }) };
  }

  /** Goes on from a state of the same sets, on the very pools that it began with. */
  resume({ progress, pools = [] }: DevState): void {
    this.goOnFrom(progress);
    this.#sets = this.#sets.map((set, i) => {
      const pool = pools[i];
      return typeof pool === 'string' ? { ...set, pool: unpacked(pool) } : set;
    });
  }

  /** Goes on from an evaluation once what belongs to it is safe. */
  goOnFrom(progress: DevProgress | null): void {
    this.#progress = progress && { step: progress.step, best: progress.best, stale: progress.stale };
  }

  /** Whether the weights after `step` updates are to be evaluated and were not. */
  isDue(step: number, atCheckpoint: boolean): boolean {
    const { everySteps } = this.#settings;
    return this.#progress?.step !== step && (atCheckpoint || (everySteps !== null && step % everySteps === 0));
  }

  /** Whether patience ends the run with this progress; absent = that of the last evaluation. */
  isExhausted(progress: DevProgress | null = this.#progress): boolean {
    const { patience } = this.#settings;
    return patience !== null && progress !== null && progress.stale >= patience;
  }

  /** Refuses, before anything is trained, what an evaluation would refuse later. */
  async check(storage: Storage, spec: ModelSpec): Promise<void> {
    for (const { name, task, split, tokens } of this.#sets) {
      const file = await readTokenFile(storage, tokens);
      if (file.task !== task || file.splits[split].query.length === 0) {
        throw badInput(`The split ${split} of data set ${name} has no records of ${task}`, {
          field: 'devSets',
          expected: 'a split with records',
          remedy: 'Name another split or data set.',
        });
      }
      checkTexts(spec.architecture, file.texts, `Data set ${name}`);
    }
  }

  /** Evaluates the weights as they are on every dev set. Throws what `turn` throws; nothing is changed then. */
  async evaluate(encoder: Encoder, step: number, turn: () => Promise<void>): Promise<DevEvaluation> {
    const began = performance.now();
    const figures = await evaluateSets(encoder, this.#sets, this.#evaluate, turn);
    const score = jointScore(figures, this.#settings.weights);
    const progress = judge(this.#progress, { step, score }, this.#settings);
    return { ...progress, score, figures, seconds: (performance.now() - began) / 1000 };
  }
}
