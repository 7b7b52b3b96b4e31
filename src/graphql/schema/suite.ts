/** Suites: named lists of splits of data sets, on all of which a checkpoint is evaluated. */
import type { SuiteRow } from '../../db/schema.ts';
import { inGroups } from '../../services/common/in-groups.ts';
import { type EntryRequest, entriesOfSuites, type SuiteEntry } from '../../services/suites/entries.ts';
import { evaluateSuite, resultOfJob } from '../../services/suites/evaluate-suite.ts';
import { suiteList } from '../../services/suites/list.ts';
import { resultsOf } from '../../services/suites/result.ts';
import * as suites from '../../services/suites/suites.ts';
import { builder } from '../builder.ts';
import { Split, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { connections, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { CheckpointChoice, checkpointIdIf, checkpointIdOf, idempotencyKey, nameSchema } from './common.ts';
import { pooledSays } from './evaluation.ts';
import { SuiteResult } from './suite-result.ts';

const { Dataset, Suite } = refs;

const SuiteEntryObject = builder.objectRef<SuiteEntry>('SuiteEntry').implement({
  description: 'A split of a data set, as a part of a suite.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: ({ dataset }) => dataset.id }),
    split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
    pooled: t.exposeBoolean('pooled', { description: pooledSays }),
    task: t.field({ type: Task, description: 'The task of the data set.', resolve: ({ dataset }) => dataset.task }),
    domain: t.exposeString('domain', {
      nullable: true,
      description: 'What its texts are about, as the suite says or else the data set; null if neither does.',
    }),
  }),
});

/** Of a suite, by its id. */
const entries = requestLoader(entriesOfSuites);

type Choice = Parameters<typeof checkpointIdOf>[1];

/** The key of the checkpoint that `result` is asked of, which is the same for all suites of a list. */
const chosen = requestLoader((tandem, choices: readonly Choice[]) =>
  inGroups({
    groupOf: (choice: Choice) => choice,
    keyOf: () => null,
    load: async (_keys, choice) => [await checkpointIdOf(tandem, choice, 'checkpoint')],
  })(choices),
);

interface Asked {
  readonly checkpointId: string | null;
  readonly entries: readonly SuiteEntry[];
}

/** Of a checkpoint on the entries of a suite. */
const result = requestLoader((tandem, asked: readonly Asked[]) =>
  inGroups({
    groupOf: ({ checkpointId }: Asked) => checkpointId,
    keyOf: ({ entries: own }) => own,
    load: (suitesOfGroup, { checkpointId }) => resultsOf(tandem, checkpointId, suitesOfGroup),
  })(asked),
);

Suite.implement({
  description: 'A named list of splits of data sets. It never changes, and its data sets cannot be deleted before it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the suite, which no other has.' }),
    entries: t.field({
      type: [SuiteEntryObject],
      description: 'The splits, in order.',
      resolve: async ({ id }, _args, context) => [...(await entries(id, context))],
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the suite was made.' }),
    result: t.field({
      type: SuiteResult,
      description: 'The figures of a checkpoint, or of the baseline, as far as there are evaluations.',
      args: {
        checkpoint: t.arg({
          type: CheckpointChoice,
          description: 'The checkpoint; absent or null means the baseline.',
        }),
      },
      resolve: async ({ id }, { checkpoint }, context) =>
        result(
          {
            checkpointId: checkpoint ? await chosen(checkpoint, context) : null,
            entries: await entries(id, context),
          },
          context,
        ),
    }),
  }),
});

const suitesOf = defineList<SuiteRow>(suiteList, 'Suite', Suite, connections.Suite);

builder.queryFields((t) => ({
  suites: suitesOf.whole(t, 'The suites, newest first.'),
  suite: lookup(t, 'Suite', 'a suite'),
}));

builder.objectField(Dataset, 'suites', (t) =>
  suitesOf.part(t, { edge: 'dataset', description: 'The suites with the data set, newest first.' }),
);

export const SuiteEntryInput = builder.inputType('SuiteEntryInput', {
  description: 'A split of a data set.',
  fields: (t) => ({
    dataset: t.id({ required: true, description: 'The id of the data set.' }),
    split: t.field({ type: Split, required: true, defaultValue: 'test', description: 'The split to evaluate on.' }),
    pooled: t.boolean({ required: true, defaultValue: false, description: pooledSays }),
    domain: t.string({
      description: "What its texts are about, in place of the data set's domain; absent or null means that one.",
      validate: nameSchema.nullish(),
    }),
  }),
});

/** The entries with the keys of their data sets. */
export const entryRequests = (
  entries: readonly { readonly dataset: string; readonly split: EntryRequest['split']; readonly pooled: boolean }[],
  field: string,
): EntryRequest[] =>
  entries.map(({ dataset, ...entry }, i) => ({
    ...entry,
    datasetId: keyOf(dataset, 'Dataset', `${field}.${i}.dataset`).key,
  }));

const CreateSuiteInput = builder.inputType('CreateSuiteInput', {
  description: 'A new suite.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name of the suite, 1 to 200 characters, not yet taken.',
      validate: nameSchema,
    }),
    entries: t.field({
      type: [SuiteEntryInput],
      required: true,
      description: 'The splits in order, each once.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const CreateSuitePayload = builder.objectRef<{ suite: SuiteRow }>('CreateSuitePayload').implement({
  description: 'The result of createSuite.',
  fields: (t) => ({ suite: t.expose('suite', { type: Suite, description: 'The suite that was made.' }) }),
});

const EvaluateSuiteInput = builder.inputType('EvaluateSuiteInput', {
  description: 'The suite to evaluate on, and what to evaluate.',
  fields: (t) => ({
    suite: t.id({ required: true, description: 'The id of the suite.' }),
    checkpoint: t.field({
      type: CheckpointChoice,
      description: 'The checkpoint to evaluate; absent or null means the tf-idf baseline.',
    }),
    geometry: t.boolean({
      required: true,
      defaultValue: false,
      description: "Whether the geometry of the checkpoint's vectors is measured, too; the baseline has none.",
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const EvaluateSuitePayload = longPayload('EvaluateSuitePayload', 'evaluate-suite', {
  description: 'The result of evaluateSuite.',
  job: 'The job that made the evaluations that were not there.',
  made: ([done]) => ({ done }),
  fields: (t) => ({
    result: t.field({
      type: SuiteResult,
      ...madeField('The figures on all splits.'),
      resolve: ({ done }, _args, { tandem }) => done && resultOfJob(tandem, done),
    }),
  }),
});

builder.mutationFields((t) => ({
  createSuite: t.field({
    type: CreateSuitePayload,
    description: 'Makes a suite.',
    args: { input: t.arg({ type: CreateSuiteInput, required: true, description: 'The suite to make.' }) },
    resolve: async (_root, { input: { entries, ...input } }, { tandem }) => ({
      suite: await suites.create(tandem, { ...input, entries: entryRequests(entries, 'input.entries') }),
    }),
  }),
  evaluateSuite: t.field({
    type: EvaluateSuitePayload.ref,
    description:
      'Evaluates on all splits of a suite and waits for the figures. Evaluations that are there are not made again, so a call after a stop goes on where that was.',
    args: {
      input: t.arg({ type: EvaluateSuiteInput, required: true, description: 'The suite and the checkpoint.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input: { suite, checkpoint, ...input }, wait }, { tandem }) => {
      const suiteId = keyOf(suite, 'Suite', 'input.suite').key;
      const checkpointId = await checkpointIdIf(tandem, checkpoint, 'input.checkpoint');
      return EvaluateSuitePayload.answer(
        tandem,
        wait,
        await evaluateSuite(tandem, { ...input, suiteId, checkpointId }),
      );
    },
  }),
}));
