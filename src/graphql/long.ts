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

/** What a payload shows: the jobs and, once they are done, what they made. */
type Answer<Made> = { readonly jobs: JobRow[] } & Partial<Made>;

type FieldBuilder<Made> = PothosSchemaTypes.ObjectFieldBuilder<ExtendedTypes, Answer<Made>>;

interface PayloadOptions<Kind extends JobKind, Made> {
  readonly description: string;
  /** What the only job is; absent = there may be several. */
  readonly job?: string;
  /** What the fields show; of a node its key. */
  readonly made: (done: readonly Done<Kind>[]) => Made;
  readonly fields: (t: FieldBuilder<Made>) => FieldMap;
}

export const waitArg = (arg: ArgBuilder<ExtendedTypes>) =>
  arg.boolean({
    required: true,
    defaultValue: true,
    description:
      'Whether the answer waits until all is done. False answers at once, with the jobs alone: jobEvents follows one, and `answer` of a job that has SUCCEEDED has what it made.',
  });

/** Options of a field with what the jobs made; `description` ends in a full stop. */
export const madeField = (description: string) => ({
  nullable: true as const,
  description: `${description.slice(0, -1)}; null exactly where \`wait\` is false.`,
});

/** What the members of the union have in common. */
interface AnyPayload {
  readonly ref: PothosSchemaTypes.ObjectRef<ExtendedTypes, Answer<object>>;
  readonly answered: (done: readonly Done<never>[]) => Answer<object>;
}

const payloads = new Map<string, AnyPayload>();

/** The payload of mutations whose jobs are of a kind: its ref, and what they answer. */
export function longPayload<Kind extends JobKind, Made extends object>(
  name: string,
  kind: Kind,
  { description, job, made, fields }: PayloadOptions<Kind, Made>,
) {
  const ref = builder.objectRef<Answer<Made>>(name);
  const answered = (done: readonly Done<Kind>[]): Answer<Made> => ({
    jobs: done.map((each) => each.job),
    ...made(done),
  });
  const common = { ref, answered } as unknown as AnyPayload;
  payloads.set(kind, common);
  builder.objectField(common.ref, 'jobs', (t) =>
    t.expose('jobs', {
      type: [refs.Job],
      description: 'All jobs of the mutation, in the order in which they are done; those that a key made before too.',
    }),
  );
  ref.implement({
    description,
    fields: (t) => ({
      ...fields(t),
      ...(job !== undefined && {
        job: t.field({ type: refs.Job, description: job, resolve: ({ jobs }) => first(jobs) }),
      }),
    }),
  });
  return {
    ref,
    async answer(tandem: Tandem, wait: boolean, work: Work<Kind>): Promise<Answer<Made>> {
      return wait ? answered(await finish(tandem, work)) : ({ jobs: await begin(tandem, work) } as Answer<Made>);
    },
  };
}

function first<Item>([item]: readonly Item[]): Item {
  invariant(item, 'a mutation asked for no job');
  return item;
}

const JobAnswer = builder.unionType('JobAnswer', {
  description: 'What a mutation answers whose work is a job.',
  types: () => [...payloads.values()].map(({ ref }) => ref),
  resolveType: ({ jobs }) => payloads.get(first(jobs).kind)?.ref,
});

builder.objectField(refs.Job, 'answer', (t) =>
  t.field({
    type: JobAnswer,
    nullable: true,
    description:
      'What the mutation that asked for the job answers once it has waited, of this job alone; null unless the job SUCCEEDED, once what it made has been deleted, of the work of runs and searches, and where version 0.2.0 kept no answer.',
    resolve: async (job, _args, context) => {
      const payload = payloads.get(job.kind);
      if (!payload || job.answer === null || !(await loadNode(context, resultOf(job)))) return null;
      return payload.answered([doneOf<never>(job)]);
    },
  }),
);
