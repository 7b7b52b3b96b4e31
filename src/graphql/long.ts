/**
 * Mutations whose work is done by jobs. Each takes `wait`, and its payload has the jobs beside what they made; `answer`
 * of a job is that payload again, for callers who did not wait.
 */
import type { ArgBuilder, FieldMap } from '@pothos/core';
import type { JobRow } from '../db/schema.ts';
import { invariant } from '../errors.ts';
import type { JobKind } from '../jobs/kinds/catalog.ts';
import { resultOf } from '../services/jobs/jobs.ts';
import { begin, type Done, doneOf, finish, type Work } from '../services/jobs/work.ts';
import type { Tandem } from '../services/tandem.ts';
import { builder, type ExtendedTypes } from './builder.ts';
import { loadNode, refs } from './nouns.ts';

/** `done` is null where the caller did not wait. */
export interface Answer<Kind extends JobKind> {
  readonly jobs: readonly JobRow[];
  readonly done: readonly Done<Kind>[] | null;
}

type FieldBuilder<Kind extends JobKind> = PothosSchemaTypes.ObjectFieldBuilder<ExtendedTypes, Answer<Kind>>;

export const waitArg = (arg: ArgBuilder<ExtendedTypes>) =>
  arg.boolean({
    required: true,
    defaultValue: true,
    description:
      'Whether the answer waits until all is done. False answers at once, with the jobs alone: jobEvents follows one, and `answer` of a job that has SUCCEEDED has what it made.',
  });

export async function answerOf<Kind extends JobKind>(
  tandem: Tandem,
  wait: boolean,
  work: Work<Kind>,
): Promise<Answer<Kind>> {
  if (!wait) return { jobs: await begin(tandem, work), done: null };
  const done = await finish(tandem, work);
  return { jobs: done.map(({ job }) => job), done };
}

/** Options of a field with what the jobs made; `description` ends in a full stop. */
export const madeField = (description: string) => ({
  nullable: true as const,
  description: `${description.slice(0, -1)}; null exactly where \`wait\` is false.`,
});

/** What the only job made; null where the caller did not wait. */
export const onlyDone = <Kind extends JobKind>({ done }: Answer<Kind>): Done<Kind> | null => done?.[0] ?? null;

type Payload = PothosSchemaTypes.ObjectRef<ExtendedTypes, Answer<JobKind>>;

const payloads = new Map<string, Payload>();

/** The payload of mutations whose jobs are of a kind. `job`: what the only job is; absent = there may be several. */
export function longPayload<Kind extends JobKind>(
  name: string,
  kind: Kind,
  {
    fields,
    job,
    description,
  }: {
    readonly description: string;
    readonly job?: string;
    readonly fields: (t: FieldBuilder<Kind>) => FieldMap;
  },
) {
  const payload = builder.objectRef<Answer<Kind>>(name);
  payloads.set(kind, payload as unknown as Payload);
  return payload.implement({
    description,
    fields: (t) => ({
      ...fields(t),
      ...(job !== undefined && {
        job: t.field({ type: refs.Job, description: job, resolve: ({ jobs }) => first(jobs) }),
      }),
      jobs: t.field({
        type: [refs.Job],
        description: 'All jobs of the mutation, in the order in which they are done; those that a key made before too.',
        resolve: ({ jobs }) => [...jobs],
      }),
    }),
  });
}

function first(jobs: readonly JobRow[]): JobRow {
  const [job] = jobs;
  invariant(job, 'a mutation asked for no job');
  return job;
}

const JobAnswer = builder.unionType('JobAnswer', {
  description: 'What a mutation answers whose work is a job.',
  types: () => [...new Set(payloads.values())],
  resolveType: ({ jobs }) => payloads.get(first(jobs).kind),
});

builder.objectField(refs.Job, 'answer', (t) =>
  t.field({
    type: JobAnswer,
    nullable: true,
    description:
      'What the mutation that asked for the job answers once it has waited, of this job alone; null unless the job SUCCEEDED, once what it made has been deleted, of the work of runs and searches, and where version 0.2.0 kept no answer.',
    resolve: async (job, _args, context) => {
      if (job.answer === null || !payloads.has(job.kind)) return null;
      const made = await loadNode(context, resultOf(job));
      return made && { jobs: [job], done: [doneOf<JobKind>(job)] };
    },
  }),
);
