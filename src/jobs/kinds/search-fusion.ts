/**
 * Searches for the best fusion: asks the strategy for the next candidate, evaluates it and writes its row, until the
 * budget is used up. Another attempt goes on behind the last row. The test sets are read once, at the end.
 */
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Executor } from '../../db/open.ts';
import { requireRow } from '../../db/rows.ts';
import type { SearchSet, SearchTestFigures } from '../../db/schema/types.ts';
import { type FusionCandidateRow, type FusionSearchRow, fusionCandidates, fusionSearches } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import type { Candidate } from '../../fusion/search/types.ts';
import { defineJob, type JobContext } from '../define.ts';
import { candidateOf, candidatesOf, scoredOf } from '../searching/candidates.ts';
import { CandidateEvaluator, type EvaluatorOptions } from '../searching/evaluator.ts';
import { bestSingleOf, winnerOf } from '../searching/standings.ts';
import { evaluatedSets, type NamedSet } from './common/evaluated-sets.ts';
import { checkpointsOf } from './common/rows.ts';
import { kindOf } from './entry.ts';

type Context = JobContext<{ readonly candidates: number }>;

export const searchFusion = defineJob({
  entry: kindOf('search-fusion'),
  /** What it reads; what it is to do stands in the row of the search, which has the id of the job. */
  input: z.object({ modelId: z.uuid(), checkpointIds: z.array(z.uuid()), datasetIds: z.array(z.uuid()) }),
  uses: ({ checkpointIds, datasetIds }) => [
    ...checkpointIds.map((id) => ({ kind: 'checkpoint', id }) as const),
    ...datasetIds.map((id) => ({ kind: 'dataset', id }) as const),
  ],
  subject: ({ modelId }) => modelId,
  async run(context: Context) {
    const { db, job, succeed } = context;
    const search = await requireRow(db, 'fusionSearches', job.id);
    const rows = await tryCandidates(context, search);
    const test = await readTestSets(context, search, rows);
    return succeed(async (tx) => {
      await tx.update(fusionSearches).set({ test }).where(eq(fusionSearches.id, search.id));
      return { resultId: search.id, answer: { candidates: rows.length } };
    });
  },
});

/** All candidates of the search, those of earlier attempts first. */
async function tryCandidates(context: Context, search: FusionSearchRow): Promise<FusionCandidateRow[]> {
  const rows = await candidatesOf(context.db, search.id);
  if (hasEnded(search, rows)) return rows;
  const evaluator = await evaluatorOf(context, search, search.request.devSets, search.request.weights);
  try {
    while (!hasEnded(search, rows)) {
      context.signal.throwIfAborted();
      const candidate = await nextOf(context, search, rows);
      if (!candidate) break;
      rows.push(await tryOne(context, search, { evaluator, candidate, rows }));
    }
  } finally {
    await evaluator.close();
  }
  return rows;
}

/** The time is that of the candidates, so that it goes on with them after an interruption. */
function hasEnded({ request: { budget, minutes } }: FusionSearchRow, rows: readonly FusionCandidateRow[]): boolean {
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  return rows.length >= budget || (minutes !== null && seconds >= 60 * minutes);
}

function nextOf(
  { cpu, signal }: Context,
  { request: { checkpointIds, methods, groupings, strategy, seed } }: FusionSearchRow,
  rows: readonly FusionCandidateRow[],
): Promise<Candidate | null> {
  const space = { checkpoints: checkpointIds.length, methods, groupings, strategy, seed };
  return cpu.call('nextCandidate', { space, before: rows.map(scoredOf) }, { signal });
}

interface Trial {
  readonly evaluator: CandidateEvaluator;
  readonly candidate: Candidate;
  readonly rows: readonly FusionCandidateRow[];
}

async function tryOne(
  { record }: Context,
  { id: searchId, request: { budget: total } }: FusionSearchRow,
  { evaluator, candidate, rows }: Trial,
): Promise<FusionCandidateRow> {
  const found = await evaluator.evaluate(candidate, rows);
  const { origin, checkpoint = null, plan = null } = candidate;
  const values = { searchId, number: rows.length, origin, checkpoint, plan, ...found };
  let row: FusionCandidateRow | undefined;
  await record(async (tx) => {
    [row] = await tx.insert(fusionCandidates).values(values).returning();
    return [{ type: 'progress', stage: 'search', done: rows.length + 1, total }];
  });
  invariant(row, 'an insert returned nothing');
  return row;
}

/** The winner and the best checkpoint as it is on the test sets; null where none are named. */
async function readTestSets(
  context: Context,
  search: FusionSearchRow,
  rows: readonly FusionCandidateRow[],
): Promise<SearchTestFigures | null> {
  const winner = winnerOf(rows, search.request.strategy);
  if (!winner) throw noScore(rows);
  const best = bestSingleOf(rows) ?? winner;
  if (search.request.testSets.length === 0) return null;
  // No joint score, which would need a set of each task.
  const evaluator = await evaluatorOf(context, search, search.request.testSets, { ir: 0, sts: 0 });
  const figuresOf = async (row: FusionCandidateRow) => (await evaluator.evaluate(candidateOf(row), [])).figures;
  try {
    const figures = await figuresOf(winner);
    return { winner: figures, single: winner.digest === best.digest ? figures : await figuresOf(best) };
  } finally {
    await evaluator.close();
  }
}

async function evaluatorOf(
  context: Context,
  { id, modelId, request: { checkpointIds, baseId } }: FusionSearchRow,
  sets: readonly SearchSet[],
  weights: EvaluatorOptions['weights'],
): Promise<CandidateEvaluator> {
  const { db, progress } = context;
  const model = await requireRow(db, 'models', modelId);
  const base = baseId === null ? undefined : await requireRow(db, 'checkpoints', baseId);
  const checkpoints = (await checkpointsOf(db, checkpointIds)).map(({ digest }) => digest);
  const onSet = (_: string, done: number) => progress({ stage: 'tokenize', done, total: sets.length });
  const prepared = await evaluatedSets(context, model, await namedSets(db, sets), onSet);
  const lineage = { initial: model.digest, ...(base && { base: base.digest }), checkpoints };
  return new CandidateEvaluator(context, { place: `search ${id}`, lineage, sets: prepared, weights });
}

async function namedSets(db: Executor, sets: readonly SearchSet[]): Promise<NamedSet[]> {
  const found: NamedSet[] = [];
  for (const { datasetId, split, pooled } of sets) {
    found.push({ dataset: await requireRow(db, 'datasets', datasetId), split, pooled });
  }
  return found;
}

const noScore = ([first]: readonly FusionCandidateRow[]) =>
  badInput(`No candidate of the search has a joint score: ${first?.failure ?? 'none was tried'}`, {
    field: 'devSets',
    expected: 'dev sets on which the checkpoints have figures',
    remedy: 'Name other dev sets, or other checkpoints.',
  });
