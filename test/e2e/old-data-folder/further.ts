/** Further work on what the data folder holds comes to what 0.2.0 made of it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  AddDocumentsDocument,
  EvaluateBagOfWordsDocument,
  EvaluateCheckpointDocument,
  ExportCheckpointDocument,
  FuseCheckpointsDocument,
  ImportDatasetDocument,
  JobsOfKeyDocument,
  type Split,
  TypedDocumentString,
  VerificationDocument,
  type VerificationSubscription,
} from '../../../src/client/index.ts';
import { expected, hashesOf, idOf, type Row, rowsOf } from './fixture.ts';
import type { Old } from './harness.ts';

interface Evaluation {
  readonly id: string;
  readonly split: Split;
  readonly dataset: Row;
  /** Null for the baseline. */
  readonly checkpoint: Row | null;
  readonly metrics: readonly { readonly name: string; readonly value: number | null }[];
}

interface Checkpoint {
  readonly digest: string;
  readonly fusion: { readonly method: string; readonly checkpoints: readonly Row[] } | null;
}

/** Oldest first. */
const evaluations = [...rowsOf<Evaluation>('Evaluations')].reverse();
const best = { alias: 'best' };
/** The documents that a job was to add when its process ended, as the fixture's records.mjs makes them. */
const manyDocuments = (name: string) =>
  Array.from({ length: 768 }, (_, i) => ({ key: `${name}-${i}`, text: `${name} ${i}: the pump runs hot` }));

export function furtherSuite(old: () => Old): void {
  it.each(evaluations)('evaluates as then, $split, $metrics.0', async ({ checkpoint, dataset, split, metrics }) => {
    const { client, sameBits } = old();
    const input = { datasets: [dataset.id], split };
    const made = checkpoint
      ? (await client.execute(EvaluateCheckpointDocument, { input: { ...input, checkpoint: { id: checkpoint.id } } }))
          .evaluateCheckpoint
      : (await client.execute(EvaluateBagOfWordsDocument, { input })).evaluateBagOfWords;
    // On another adapter two documents of nearly equal scores may change places.
    const isExact = sameBits || !checkpoint;
    const figures = metrics.map(({ name, value }) => ({ name, value: isExact ? value : expect.any(Number) }));
    // Newer versions have more figures of the same vectors.
    const names = new Set(metrics.map(({ name }) => name));
    expect(made.evaluations[0]?.metrics.filter(({ name }) => names.has(name))).toEqual(figures);
  });

  it('says of its evaluations that no queries or pairs were kept', async () => {
    const query = new TypedDocumentString<{ node: object }, { id: string }>(
      'query Units($id: ID!) { node(id: $id) { ... on Evaluation { unitsMissing queries { totalCount } } } }',
    );
    const { node } = await old().client.execute(query, { id: evaluations[0]!.id });
    expect(node).toEqual({ unitsMissing: expect.stringContaining('Evaluate again'), queries: null });
  });

  it('knows what an idempotency key made', async () => {
    const first = evaluations.filter(({ checkpoint, split }) => checkpoint && split === 'TEST');
    const input = { checkpoint: best, datasets: first.map(({ dataset }) => dataset.id), idempotencyKey: 'best' };
    const { evaluateCheckpoint: again } = await old().client.execute(EvaluateCheckpointDocument, { input });
    expect(again.evaluations.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  });

  it('fuses to the same weights', async () => {
    const soup = rowsOf<Checkpoint>('Checkpoints').find(({ fusion }) => fusion?.method === 'UNIFORM_SOUP')!;
    const checkpoints = soup.fusion?.checkpoints.map(({ id }) => id) ?? [];
    const input = { method: 'UNIFORM_SOUP' as const, checkpoints };
    const { fuseCheckpoints } = await old().client.execute(FuseCheckpointsDocument, { input });
    expect(fuseCheckpoints.checkpoint.digest).toBe(soup.digest);
  });

  it('exports the same files beside a model card, and leaves those alone that were exported', async () => {
    await old().client.execute(ExportCheckpointDocument, { input: { checkpoint: best, folder: 'again' } });
    const again = Object.entries(expected.exported).map(([path, hash]) => [path.replace(/^best-v1/, 'again'), hash]);
    const both = { ...expected.exported, ...Object.fromEntries(again) };
    const { 'again/README.md': card, ...others } = await hashesOf(join(old().folder, 'export'));
    expect(others).toEqual(both);
    expect(card).toEqual(expect.any(String));
    expect(await readFile(join(old().folder, 'export', 'again', 'README.md'), 'utf8')).toMatch(/^---\n/);
  });

  it('finds an equal data set again', async () => {
    const options = { devShare: 0.1, testShare: 0.3, seed: 7 };
    const source = { source: { path: 'pairs.tsv' }, importer: 'STS_TABLE' as const, scaleHigh: 5, options };
    const { importDataset } = await old().client.execute(ImportDatasetDocument, {
      input: { name: 'pairs', ...source },
    });
    expect(importDataset).toMatchObject({ reused: true, dataset: { id: idOf('Datasets', 'pairs') } });
  });

  it('finds every file as it was written, and gives each object a manifest', async () => {
    const { client, folder } = old();
    let last: VerificationSubscription['verification'] | undefined;
    for await (const { verification } of client.subscribe(VerificationDocument, {})) {
      last = verification;
      expect(last.findings).toEqual([]);
    }
    expect(last?.done).toBe(last?.total);
    for (const kind of ['datasets', 'models', 'states']) {
      const objects = join(folder, 'objects', kind);
      for (const name of await readdir(objects)) expect(await readdir(join(objects, name))).toContain('manifest.json');
    }
  });

  it.each(['interrupted', 'killed'])('does the job that was %s under its key', async (key) => {
    const { client } = old();
    const [job] = (await client.execute(JobsOfKeyDocument, { key })).jobs.nodes;
    expect(job?.state).toBe('INTERRUPTED');
    const input = { collection: idOf('Collections', 'notes'), documents: manyDocuments(key), idempotencyKey: key };
    const { addDocuments } = await client.execute(AddDocumentsDocument, { input });
    expect(addDocuments).toMatchObject({ added: input.documents.length, replaced: 0 });
    const { jobs } = await client.execute(JobsOfKeyDocument, { key });
    expect(jobs.nodes).toEqual([{ id: job?.id, state: 'SUCCEEDED' }]);
  });
}
