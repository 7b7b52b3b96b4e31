/** What lists of jobs and runs load beside their rows: once a list, and null where a row has been deleted. */
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { type DocumentNode, parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints, jobAttempts, jobs } from '../../src/db/schema.ts';
import { encodeId } from '../../src/graphql/ids.ts';
import { openTestDatabase, type TestDatabase } from '../db/database.ts';
import { digestOf, insertModel, insertRun } from '../db/rows.ts';
import { askOf } from './ask.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const ask = (document: DocumentNode, variables?: Record<string, unknown>) => askOf(database, document, variables);

/** Two attempts, of which the second went on from this checkpoint. */
async function addAttempts(jobId: string, resumedFrom: string): Promise<void> {
  const { process, folder } = database.owner;
  const attempt = { jobId, process, pid: 1, leaseUntil: new Date() };
  await database.db.insert(jobAttempts).values([
    { ...attempt, number: 2, host: `b:${folder}`, outcome: 'SUCCEEDED', details: { resumedFrom } },
    { ...attempt, number: 1, host: `a:${folder}`, outcome: 'INTERRUPTED' },
  ]);
}

/** Jobs that fused checkpoints of models; the results of all but the first are deleted. */
async function makeJobs(count: number): Promise<string[]> {
  const { db } = database;
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const { id: modelId } = await insertModel(db);
    const [made] = await db
      .insert(checkpoints)
      .values({ reason: 'initial', modelId, digest: digestOf(randomUUID()), bytes: 1 })
      .returning();
    const input = { method: 'uniform-soup', parameters: {}, checkpointIds: [], modelId };
    const resultId = i === 0 ? (made?.id ?? '') : randomUUID();
    const done = { kind: 'fuse', state: 'SUCCEEDED', input, resultId, answer: {} } as const;
    const [job] = await db.insert(jobs).values(done).returning();
    await addAttempts(job?.id ?? '', made?.id ?? '');
    ids.push(job?.id ?? '');
  }
  return ids;
}

it('a list of jobs loads attempts, hosts and nodes once, however long it is', async () => {
  await makeJobs(12);
  const document = parse(`query($first: Int!) {
    jobs(first: $first, filter: { kind: FUSE }, orderBy: { field: CREATED_AT }) {
      nodes { host attempts { number host } subject { __typename id } result { __typename id } resultId
        answer { ... on FuseCheckpointsPayload { checkpoint { id } } }
      }
    }
  }`);
  const short = await ask(document, { first: 2 });
  const long = await ask(document, { first: 12 });
  // The page, the hosts, the attempts, the subjects, the results, and the checkpoints of the answers.
  expect([short.statements, long.statements]).toEqual([6, 6]);
  const { nodes } = long.data['jobs'] as { nodes: Record<string, unknown>[] };
  const { folder } = database.owner;
  const attempts = [
    { number: 1, host: `a:${folder}` },
    { number: 2, host: `b:${folder}` },
  ];
  expect(nodes).toHaveLength(12);
  for (const [i, node] of nodes.entries()) {
    expect(node).toMatchObject({ host: `b:${folder}`, attempts, subject: { __typename: 'Model' } });
    const id = node['resultId'];
    expect(node['result']).toEqual(i === 0 ? { __typename: 'Checkpoint', id } : null);
    expect(node['answer']).toEqual(i === 0 ? { checkpoint: { id } } : null);
  }
});

it('an attempt at a run names the checkpoint that it went on from, until that is deleted', async () => {
  const { db } = database;
  const run = await insertRun(db);
  const { id: runId, modelId } = run;
  const [from] = await db
    .insert(checkpoints)
    .values({ reason: 'stop', runId, modelId, digest: digestOf(randomUUID()), bytes: 1, step: 3 })
    .returning();
  await addAttempts(runId, from?.id ?? '');
  const document = parse('query($id: ID!) { run(id: $id) { attempts { number resumedFrom { step } } } }');
  const id = encodeId('Run', runId);
  const first = { number: 1, resumedFrom: null };
  const before = await ask(document, { id });
  expect(before.data['run']).toEqual({ attempts: [first, { number: 2, resumedFrom: { step: 3 } }] });
  await db.delete(checkpoints).where(eq(checkpoints.runId, runId));
  const after = await ask(document, { id });
  expect(after.data['run']).toEqual({ attempts: [first, { number: 2, resumedFrom: null }] });
});
