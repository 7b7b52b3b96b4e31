/** What a job says of itself: what it works on, and why it waits. */
import { expect, it } from 'vitest';
import { globalId } from '../../../src/db/global-id.ts';
import type { JobRow } from '../../../src/db/schema.ts';
import { subjectOf, waitsFor } from '../../../src/services/jobs/jobs.ts';
import type { Tandem } from '../../../src/services/tandem.ts';

const [id, other] = ['a', 'b'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [string, string];
const tandem = { jobs: { place: id } } as Tandem;
const job = (fields: Partial<JobRow>): JobRow =>
  ({ kind: 'evaluate', state: 'QUEUED', place: null, lacks: null, notBefore: null, after: null, ...fields }) as JobRow;

const evaluation = { evaluator: 'checkpoint', checkpointId: other, datasetId: id, split: 'test' };

it.each([
  ['evaluate', evaluation, { type: 'Dataset', id }],
  ['train', { runId: id }, { type: 'Run', id }],
  ['export-checkpoint', { checkpointId: id, folder: 'x' }, { type: 'Checkpoint', id }],
  ['import-model', { name: 'x', source: 'x', hub: null }, null],
  // As version 0.2.0 kept them.
  ['evaluate', { evaluator: 'checkpoint', split: 'test' }, null],
  ['embed-collection', { documents: 3 }, null],
  ['a-kind-of-tomorrow', { runId: id }, null],
])('%s %j works on %j', (kind, input, subject) => {
  expect(subjectOf(job({ kind: kind as JobRow['kind'], input }))).toEqual(subject);
});

const soon = new Date(Date.now() + 60_000);
it.each([
  [{}, 'It waits for its turn: a host works on 4 of its kind at a time.'],
  [{ kind: 'train' }, 'It waits for its turn: a host works on 1 of its kind at a time.'],
  [{ place: id }, 'It waits for its turn: a host works on 4 of its kind at a time.'],
  [{ place: other }, `It waits for the host that accepted it, which has the data folder ${other}.`],
  [{ lacks: 'models/abc' }, 'It waits for a host that has models/abc in its data folder.'],
  [{ notBefore: soon, deaths: 0 }, `It lost its connection to the database: it begins again at ${soon.toISOString()}.`],
  [
    { notBefore: soon, deaths: 1 },
    `The process that worked on it has died once: it begins again at ${soon.toISOString()}.`,
  ],
  [
    { notBefore: soon, deaths: 2, lacks: 'models/abc' },
    `The process that worked on it has died 2 times: it begins again at ${soon.toISOString()}.`,
  ],
  [{ notBefore: new Date(0), deaths: 1 }, 'It waits for its turn: a host works on 4 of its kind at a time.'],
  [{ after: other, place: other }, `It waits until job ${globalId('Job', other)} has SUCCEEDED.`],
  [{ state: 'RUNNING' }, null],
  [{ state: 'INTERRUPTED' }, null],
] as const)('%j waits: %s', async (fields, sentence) => {
  expect(await waitsFor(tandem, [job(fields as Partial<JobRow>)])).toEqual([sentence]);
});
