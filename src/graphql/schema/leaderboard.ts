/** The leaderboard of a suite. */
import { inMemory, numberedSource } from '../../services/common/listing/places.ts';
import { entriesOf, readEntries, type SuiteEntry } from '../../services/suites/entries.ts';
import { type LeaderboardColumn, leaderboard } from '../../services/suites/leaderboard.ts';
import { requireSuite } from '../../services/suites/suites.ts';
import type { Tandem } from '../../services/tandem.ts';
import { builder } from '../builder.ts';
import { OrderDirection, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { connect } from '../lists/connection.ts';
import { offsetArgument } from '../lists/field.ts';
import { entryRequests, SuiteEntryInput } from './suite.ts';
import { SuiteResult } from './suite-result.ts';

const SuiteChoice = builder.inputType('SuiteChoice', {
  description: 'The splits of a leaderboard, by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    suite: t.id({ description: 'The id of a suite; absent when splits are given.' }),
    entries: t.field({ type: [SuiteEntryInput], description: 'The splits in order; absent when a suite is given.' }),
  }),
});

const LeaderboardColumnInput = builder.inputType('LeaderboardColumn', {
  description: 'What a leaderboard is ordered by, in exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    task: t.field({ type: Task, description: 'The mean over the sets of this task; absent when another is given.' }),
    domain: t.string({ description: 'The mean of this domain; absent when another field is given.' }),
    entry: t.int({ description: 'A split, by its place from 0; absent when another field is given.' }),
  }),
});

const LeaderboardOrder = builder.inputType('LeaderboardOrder', {
  description: 'Order of a leaderboard. Undefined figures come last; of equal ones the older checkpoint comes first.',
  fields: (t) => ({
    column: t.field({
      type: LeaderboardColumnInput,
      description: 'The column to order by; absent or null means the macro mean.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'desc',
      description: 'The direction of the order.',
    }),
  }),
});

builder.queryField('leaderboard', (t) =>
  t.connection({
    type: SuiteResult,
    description:
      'All checkpoints that were evaluated on one of the splits, and the baseline if it was, the best first. A cursor names a place by its number: rows move as evaluations are made.',
    args: {
      of: t.arg({ type: SuiteChoice, required: true, description: 'A suite, or its splits themselves.' }),
      checkpoints: t.arg.idList({ description: 'Only these checkpoints; absent or null means all, and the baseline.' }),
      orderBy: t.arg({
        type: LeaderboardOrder,
        description: 'The order of the rows; absent or null means by the macro mean, the largest first.',
      }),
      offset: offsetArgument(t),
    },
    resolve: async (_root, { of, checkpoints, orderBy, ...args }, context) => {
      const rows = await leaderboard(context.tandem, {
        entries: await chosenEntries(context.tandem, of),
        checkpointIds: checkpoints?.map((id, i) => keyOf(id, 'Checkpoint', `checkpoints.${i}`).key) ?? null,
        column: columnOf(orderBy?.column),
        direction: orderBy?.direction ?? 'desc',
      });
      return connect(args, context, numberedSource(['leaderboard', of, checkpoints, orderBy], inMemory(rows)));
    },
  }),
);

async function chosenEntries(
  tandem: Tandem,
  { suite, entries }: typeof SuiteChoice.$inferInput,
): Promise<readonly SuiteEntry[]> {
  if (entries) return readEntries(tandem, entryRequests(entries, 'of.entries'), 'of.entries');
  const { id } = await requireSuite(tandem, keyOf(suite ?? '', 'Suite', 'of.suite').key, 'of.suite');
  return entriesOf(tandem, id);
}

function columnOf(column: typeof LeaderboardColumnInput.$inferInput | null | undefined): LeaderboardColumn {
  const { task, domain, entry } = column ?? {};
  if (task) return { by: 'task', task };
  if (typeof domain === 'string') return { by: 'domain', domain };
  return typeof entry === 'number' ? { by: 'entry', entry } : { by: 'mean' };
}
