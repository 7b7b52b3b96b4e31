/** What the tests of runs read of a workplace: rows of runs and checkpoints, and the weights behind them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asc, eq } from 'drizzle-orm';
import { type CheckpointRow, checkpoints, type RunRow, runsWithJobs } from '../../../src/db/schema.ts';
import type { Workplace } from '../workplace.ts';

/** `place`: the workplace of the test that asks. */
export const lookUps = (place: () => Workplace) => ({
  find: async (runId: string): Promise<RunRow> =>
    (await place().database.db.select().from(runsWithJobs).where(eq(runsWithJobs.id, runId)))[0]!,

  /** By step. */
  checkpointsOf: (runId: string): Promise<CheckpointRow[]> =>
    place().database.db.select().from(checkpoints).where(eq(checkpoints.runId, runId)).orderBy(asc(checkpoints.step)),

  weightsOf: async ({ digest }: CheckpointRow): Promise<string> => {
    const text = await readFile(join(place().storage.path('models', digest), 'value.json'), 'utf8');
    return (JSON.parse(text) as { value: string }).value;
  },
});

export const isStep = (step: number) => (data: { type: string; step?: number }) =>
  data.type === 'step' && data.step === step;
