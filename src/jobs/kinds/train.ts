/**
 * Training: token files on the CPU thread, then `train` on the device thread. What it tells becomes events, figures of
 * the run and checkpoints (../training); another attempt goes on from the last checkpoint.
 */
import { desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Transaction } from '../../db/open.ts';
import { type CheckpointRow, checkpoints, type RunCause, type RunRow, runStarts } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { wholeCheckpoints } from '../../retention/resumable.ts';
import type { DevSet, TrainDataset, TrainInput, TrainOutput } from '../../train/types.ts';
import { defineJob, type JobContext } from '../define.ts';
import { pruneCheckpoints } from '../training/checkpoints.ts';
import { damageNote, interruptedByDamage, isDamageOf } from '../training/damaged.ts';
import { type AttemptEvent, EventWriter } from '../training/event-writer.ts';
import { type RunInputs, readInputs } from '../training/inputs.ts';
import { noOptimizerState } from '../training/optimizer-state.ts';
import { otherAdapter } from '../training/other-adapter.ts';
import { teacherTokensRequest } from '../training/teacher-tokens.ts';
import { evaluatedSets } from './common/evaluated-sets.ts';
import { kindOf } from './entry.ts';

/** `cause` = why it ended before its planned end. */
type Context = JobContext<{ readonly cause?: RunCause }>;

export const train = defineJob({
  entry: kindOf('train'),
  input: z.object({ runId: z.uuid() }),
  uses: ({ runId }) => [{ kind: 'run', id: runId }],
  subject: ({ runId }) => runId,
  async run(context: Context, { runId }) {
    const { db, signal, device, adapter, job, earlier } = context;
    const inputs = await readInputs(db, runId);
    const { run, model, start, teacher, resumable } = inputs;
    const [resume, before] = wholeCheckpoints(resumable, earlier);
    const refusal = resumable.length > 0 && !run.allowDifferentAdapter && otherAdapter(run.adapter, adapter);
    if (refusal) throw refusal;
    if (resume) await context.note({ resumedFrom: resume.id });
    if (start) await recordStart(context, runId, start);
    const writer = eventWriter(context, inputs);
    let outcome: TrainOutput['outcome'] | undefined;
    try {
      const datasets = await prepare(context, inputs, writer);
      const dev = await prepareDev(context, inputs, writer);
      signal.throwIfAborted();
      ({ outcome } = await device.call(
        'train',
        {
          runId,
          model: model.digest,
          settings: run.settings,
          datasets,
          dev,
          ...(teacher && { teacher: teacher.checkpoint.digest }),
          ...(start && { start: startFor(run, start, resume !== undefined) }),
          ...(resume && {
            resume: { model: resume.model, state: resume.state, allowDifferentAdapter: run.allowDifferentAdapter },
          }),
        },
        { signal, onEvent: (event) => writer.add(event) },
      ));
    } catch (error) {
      if (!resume || !isDamageOf(resume, error, start?.digest ?? model.digest)) throw error;
      await context.note(damageNote(resume, job.attempt));
      throw interruptedByDamage(error, before ?? (mayBegin(run, start) ? 'start' : 'nothing'));
    } finally {
      await writer.flush().catch(() => {});
    }
    await writer.flush();
    if (outcome === 'stopped') signal.throwIfAborted();
    return context.succeed((tx) => lastCheckpoint(tx, runId, outcome));
  },
});

/** Of a stage, whose start is known only now. */
async function recordStart({ record }: Context, runId: string, { id }: CheckpointRow): Promise<void> {
  await record(async (tx) => {
    await tx.update(runStarts).set({ checkpointId: id }).where(eq(runStarts.runId, runId));
    return [];
  });
}

/** A run that goes on has its moments in its own state. */
function startFor({ settings, name }: RunRow, start: CheckpointRow, goesOn: boolean): TrainInput['start'] {
  const { digest: model, stateDigest: state } = start;
  if (settings.optimizerState === 'fresh' || goesOn) return { model };
  if (state !== null) return { model, state };
  throw noOptimizerState(start, `The run "${name}"`);
}

/** Whether it can begin again at step 0. */
const mayBegin = ({ settings }: RunRow, start: CheckpointRow | undefined): boolean =>
  settings.optimizerState === 'fresh' || (start?.stateDigest ?? null) !== null;

/** The result of a run that has finished: weights after its last update. */
async function lastCheckpoint(tx: Transaction, runId: string, outcome: TrainOutput['outcome'] | undefined) {
  const [last] = await tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(eq(checkpoints.runId, runId))
    .orderBy(desc(checkpoints.step))
    .limit(1);
  invariant(last, 'a finished run without a checkpoint');
  if (outcome !== 'early-stopped') return { resultId: last.id, answer: {} };
  const cause: RunCause = 'EARLY_STOPPED';
  return { resultId: last.id, answer: { cause }, reason: cause };
}

/** A token file per data set, and one for the teacher where a term needs it; existing ones are found by their key. */
async function prepare(
  { cpu, signal }: Context,
  { run, model, teacher, datasets }: RunInputs,
  writer: EventWriter,
): Promise<TrainDataset[]> {
  const { maxLength, missingNegatives } = run.settings;
  const prepared: TrainDataset[] = [];
  for (const [done, { dataset, weight, losses }] of datasets.entries()) {
    signal.throwIfAborted();
    writer.add({ type: 'preparing', stage: `tokenize ${dataset.name}`, done, total: datasets.length });
    const tokens = await cpu.call(
      'tokenizeDataset',
      { dataset: dataset.digest, model: model.digest, maxLength, missingNegatives },
      { signal },
    );
    const { name, task, digest } = dataset;
    const taught = teacherTokensRequest(run.settings, teacher, { dataset, losses });
    const forTeacher = taught && (await cpu.call('tokenizeDataset', taught, { signal }));
    prepared.push({
      ...{ name, task, weight, digest, tokens: tokens.key },
      ...(forTeacher && { teacherTokens: forTeacher.key }),
      ...(losses && { losses }),
    });
  }
  return prepared;
}

/** Its dev sets, of texts as long as the model reads, as other evaluations are. */
function prepareDev(context: Context, { model, devSets }: RunInputs, writer: EventWriter): Promise<DevSet[]> {
  return evaluatedSets(context, model, devSets, (name, done) =>
    writer.add({ type: 'preparing', stage: `tokenize ${name} for evaluation`, done, total: devSets.length }),
  );
}

function eventWriter(context: Context, { run, model, start }: RunInputs): EventWriter {
  const { db, retention, log, job } = context;
  const afterWrite = async (events: readonly AttemptEvent[]): Promise<void> => {
    if (!events.some(({ type }) => type === 'checkpoint' || type === 'evaluation')) return;
    // With two states of its own it needs the optimizer state of its start no more.
    const others = run.settings.optimizerState === 'kept' && start?.runId ? [start.runId] : [];
    for (const runId of [run.id, ...others]) {
      await pruneCheckpoints({ db, retention }, runId).catch((error: unknown) => {
        log.warn({ error, run: runId }, 'old checkpoints could not be removed');
      });
    }
  };
  const owner = { runId: run.id, modelId: model.id, attempt: job.attempt };
  return new EventWriter({ context, owner, afterWrite, onFailure: (error) => context.abandon(error) });
}
