/**
 * A search over architectures by successive halving (../architecture-search). The first attempt queues the derivations
 * of the models that candidates need. Each rung is one attempt, which judges the runs of the rung before and queues the
 * next ones. All of these are parts of the search, so between attempts nothing but rows is held; a process that dies
 * loses nothing that they do not say.
 */
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { requireRow } from '../../db/rows.ts';
import { type ArchitectureTrialRow, checkpoints } from '../../db/schema.ts';
import { badInput, invariant, notFound } from '../../errors.ts';
import { nextOf, rungSizes } from '../architecture-search/halving.ts';
import {
  beginDerivations,
  derivationFailed,
  derivationsLeft,
  failedDerivations,
  takeModels,
} from '../architecture-search/models.ts';
import { beginRung, candidatesOf, dropCheckpoints, judgeTrials, trialsOf } from '../architecture-search/trials.ts';
import { defineJob, type JobContext } from '../define.ts';
import { deriveModel } from './derive-model.ts';
import { kindOf } from './entry.ts';

type Context = JobContext<{ readonly winner: number }>;

export const searchArchitecture = defineJob({
  entry: kindOf('search-architecture'),
  input: z.object({
    searchId: z.uuid(),
    datasetIds: z.array(z.uuid()),
    /** The model's own checkpoint, which keeps its folder, and the teacher. */
    checkpointIds: z.array(z.uuid()),
    /** The models that candidates need besides that of the search, each once. */
    derivations: z.array(deriveModel.input),
  }),
  uses: ({ datasetIds, checkpointIds }) => [
    ...datasetIds.map((id) => ({ kind: 'dataset', id }) as const),
    ...checkpointIds.map((id) => ({ kind: 'checkpoint', id }) as const),
  ],
  subject: ({ searchId }) => searchId,
  async run(context: Context, { searchId, derivations }) {
    const { db, record, awaitParts, succeed } = context;
    const failed = await failedDerivations(db, searchId);
    await record(async (tx) => {
      await takeModels(tx, searchId, failed);
      await judgeTrials(tx, searchId);
      return [];
    });
    if (failed[0]) throw derivationFailed(failed[0]);
    const candidates = await candidatesOf(db, searchId);
    const left = derivationsLeft(derivations, candidates);
    if (left.length > 0) return awaitParts((_tx, submit) => beginDerivations(submit, left));
    const search = await requireRow(db, 'architectureSearches', searchId);
    const trials = await trialsOf(db, searchId);
    const plan = { candidates: candidates.length, eta: search.eta, steps: search.steps };
    const last = rungSizes(plan).length - 1;
    if (search.keep === 'winner') await dropCheckpoints(context, runsBefore(trials, last));
    const next = nextOf(plan, trials);
    if (next.type === 'nothing') throw withoutScore(next.rung);
    if (next.type === 'rung') return awaitParts((tx, submit) => beginRung(tx, submit, search, next.rung));
    const winner = trials.find(({ rung, candidate }) => rung === last && candidate === next.candidate);
    const resultId = await bestCheckpoint(context, winner);
    return succeed(async () => ({ resultId, answer: { winner: next.candidate } }));
  },
});

const runsBefore = (trials: readonly ArchitectureTrialRow[], last: number): string[] =>
  trials.flatMap(({ rung, runId }) => (rung < last && runId !== null ? [runId] : []));

async function bestCheckpoint({ db }: Context, trial: ArchitectureTrialRow | undefined): Promise<string> {
  invariant(trial?.runId, 'a winner without its run');
  const { bestStep, name } = await requireRow(db, 'runs', trial.runId);
  const [best] = await db
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(and(eq(checkpoints.runId, trial.runId), eq(checkpoints.step, bestStep ?? -1)));
  if (best) return best.id;
  throw notFound(`The best checkpoint of the run "${name}", which has won, was deleted`, {
    field: 'checkpoint',
    remedy: 'Search again.',
  });
}

const withoutScore = (rung: number) =>
  badInput(`No run of rung ${rung + 1} succeeded, so none has a dev score to be kept by`, {
    field: 'settings',
    expected: 'at least one run that succeeds',
    remedy: 'See why the runs ended; lower the learning rate, or search another space.',
  });
