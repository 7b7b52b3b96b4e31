/** A request to train as the runs that it makes: the first, and the stages behind it. */
import type { StageStart } from '../../db/schema.ts';
import { badInput, TandemError } from '../../errors.ts';
import { checkList } from '../embedding/texts.ts';
import type { Tandem } from '../tandem.ts';
import { checkOptimizerState, type OriginRequest, originOf, trainedBefore } from './origin.ts';
import { type ReadyRun, type RunContent, readyRun } from './run-request.ts';

interface StageRequest extends RunContent {
  readonly from: StageStart;
}

export interface RunRequest extends RunContent {
  readonly origin: OriginRequest;
  /** Each is queued behind the one before, and the first of them behind the run itself. */
  readonly stages?: readonly StageRequest[] | null;
  readonly idempotencyKey?: string | null;
}

export interface ReadyStage extends ReadyRun {
  readonly name: string;
  /** Null = the first, which starts from the request's origin. */
  readonly from: StageStart | null;
}

const mostStages = 16;

/** Finds and checks everything that the runs need, before any of them exists. */
export async function readyRuns(
  tandem: Tandem,
  request: RunRequest,
  signal: AbortSignal,
): Promise<readonly [ReadyStage, ...ReadyStage[]]> {
  const stages = request.stages ?? [];
  checkList(stages, tandem.config.limits, 'input.stages', { min: 0, max: mostStages });
  const origin = await originOf(tandem, request.origin);
  const first = await readyRun(tandem, origin, request, signal, await trainedBefore(tandem, origin));
  checkOptimizerState(first.settings, origin);
  const later: ReadyStage[] = [];
  for (const [i, stage] of stages.entries()) {
    const before = later.at(-1) ?? first;
    const ready = await inStage(i, () => readyRun(tandem, { ...origin, start: null }, stage, signal, before));
    checkBest(stage, before, i);
    later.push({ ...ready, name: stage.name?.trim() || `${nameOf(ready)}, stage ${i + 2}`, from: stage.from });
  }
  return [{ ...first, name: request.name?.trim() || nameOf(first), from: null }, ...later];
}

function nameOf({ model, datasets }: ReadyRun): string {
  const tasks = new Set(datasets.map(({ row }) => row.task));
  return `${model.name} ${tasks.size > 1 ? 'joint' : [...tasks].join('')}`;
}

/** Without dev sets no checkpoint is the best. */
function checkBest({ from }: StageRequest, before: ReadyRun, i: number): void {
  if (from !== 'best' || before.devSets.length > 0) return;
  throw badInput('The run before the stage has no dev sets, so none of its checkpoints will be the best', {
    field: `input.stages.${i}.from`,
    expected: 'LAST, or dev sets of the run before it',
    remedy: 'Give the run before it devSets, or start the stage from its last checkpoint.',
  });
}

/** Work for a stage, whose refusals name the fields of that stage. `i` counts from 0. */
export async function inStage<T>(i: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    const [, input = '', field] =
      /^(input\.)?((?:settings|datasets|devSets|teacher)\b.*)$/.exec(error.details.field ?? '') ?? [];
    if (field === undefined) throw error;
    const details = { ...error.details, field: `${input}stages.${i}.${field}` };
    throw new TandemError(error.code, error.message, details, { cause: error });
  }
}
