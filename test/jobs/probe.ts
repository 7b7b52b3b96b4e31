/**
 * Kinds of durable work for tests, which do what the test gives them: `probe` begins again after a death, and
 * `probe-resume` is interrupted, as training is.
 */
import { z } from 'zod';
import type { Use } from '../../src/db/schema/types.ts';
import { defineJob, type Finished, type JobContext } from '../../src/jobs/define.ts';
import type { JobKindEntry } from '../../src/jobs/kinds/catalog.ts';

export type Work = (context: JobContext<unknown>) => Promise<Finished>;

/** What each job does, by the `work` of its input. */
export const works = new Map<string, Work>();

const entry: JobKindEntry = {
  name: 'probe',
  description: 'Does what a test gives it.',
  concurrency: 3,
  priority: 5,
  deadlineMs: 60_000,
  retry: { attempts: 3, pauseMs: 1_000 },
  place: 'here',
  subject: null,
  result: 'Model',
};

function probe(changes: Partial<JobKindEntry>) {
  return defineJob({
    entry: { ...entry, ...changes },
    input: z.object({ work: z.string(), uses: z.array(z.custom<Use>()) }),
    uses: ({ uses }) => uses,
    subject: () => null,
    run(context: JobContext<unknown>, { work }) {
      const found = works.get(work);
      if (!found) throw new Error(`the test has no work "${work}"`);
      return found(context);
    },
  });
}

export const probeKinds = {
  probe: probe({}),
  'probe-resume': probe({ name: 'probe-resume', retry: null }),
  'probe-eager': probe({ name: 'probe-eager', retry: { attempts: 3, pauseMs: 50 } }),
  'probe-hasty': probe({ name: 'probe-hasty', deadlineMs: 100, priority: 9 }),
};
