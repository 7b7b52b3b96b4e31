/** addDocuments and deleteDocuments. */
import { and, eq, gte, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import type { Use } from '../../db/schema/types.ts';
import { type CollectionRow, collections, documents, embeddings, type JobRow } from '../../db/schema.ts';
import { storeVectors } from '../../db/vectors.ts';
import { badInput, invariant } from '../../errors.ts';
import type { JobContext } from '../../jobs/jobs.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import type { Encoder } from '../checkpoints/types.ts';
import { fingerprint } from '../common/idempotency.ts';
import { requireRow } from '../common/rows.ts';
import { type Encoded, encodeTexts, reportOf } from '../embedding/embed.ts';
import { checkList, checkText } from '../embedding/texts.ts';
import type { EmbeddingReport } from '../embedding/types.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

interface NewDocument {
  readonly key: string;
  readonly text: string;
  readonly metadata?: unknown;
}

export interface AddRequest {
  readonly collectionId: string;
  readonly documents: readonly NewDocument[];
  readonly idempotencyKey?: string | null;
}

export interface Added {
  readonly collection: CollectionRow;
  readonly added: number;
  readonly replaced: number;
  readonly report: EmbeddingReport;
  readonly job: JobRow;
}

/** Texts per call of the threads: progress is reported and a cancel noticed between two. */
const chunk = 256;
/** Rows per insert; Postgres takes at most 65535 parameters a statement. */
const rowsPerInsert = 1_000;

/** Embeds, then writes documents and vectors in the transaction that ends the job. */
export async function addDocuments(tandem: Tandem, request: AddRequest): Promise<Added> {
  const { collectionId, idempotencyKey } = request;
  checkDocuments(tandem, request.documents);
  const collection = await requireRow(tandem.database.db, 'collections', collectionId, 'input.collection');
  const encoder = await encoderOf(tandem, collection.checkpointId, 'input.collection');
  const input = { collectionId, documents: request.documents.length, content: fingerprint(request.documents) };
  const uses: Use[] = [{ kind: 'collection', id: collectionId }];
  let outcome: Outcome | undefined;
  const { job } = await runJob(tandem, 'embed-collection', { input, uses, idempotencyKey }, async (context) => {
    const encoded = await encodeAll(tandem, encoder, request.documents, context);
    return context.succeed(async (tx) => {
      const added = await store(tx, collection, request.documents, encoded);
      outcome = { added, replaced: request.documents.length - added, report: reportOf(encoder, encoded) };
      return collectionId;
    });
  });
  // Without an outcome an earlier call with this key did the work.
  outcome ??= await recall(tandem, encoder, request, job);
  return { ...outcome, collection: await requireRow(tandem.database.db, 'collections', collectionId), job };
}

type Outcome = Pick<Added, 'added' | 'replaced' | 'report'>;

/**
 * What an earlier call did, as far as its documents are still stored: the ones it added were made since its job
 * began, for a document that is replaced keeps its time.
 */
async function recall(tandem: Tandem, encoder: Encoder, { collectionId, documents: given }: AddRequest, job: JobRow) {
  const { database, jobs } = tandem;
  const keys = given.map(({ key }) => key);
  const byJob = gte(documents.createdAt, job.createdAt);
  const [stored] = await database.db
    .select({
      added: sql<number>`count(*) filter (where ${byJob})`.mapWith(Number),
      there: sql<number>`count(*)`.mapWith(Number),
      tokens: sql<number>`coalesce(sum(${embeddings.tokens}), 0)`.mapWith(Number),
      truncated: sql<number>`count(*) filter (where ${embeddings.truncated})`.mapWith(Number),
    })
    .from(documents)
    .innerJoin(embeddings, eq(embeddings.documentId, documents.id))
    .where(
      and(
        eq(documents.collectionId, collectionId),
        eq(embeddings.checkpointId, encoder.checkpoint.id),
        inArray(documents.key, keys),
      ),
    );
  invariant(stored, 'a count returned nothing');
  const { added, there, tokens, truncated } = stored;
  const { prompts } = await jobs.cpu.call('tokenizeTexts', { model: encoder.model.digest, texts: [sampleOf(given)] });
  const report = { checkpoint: encoder.checkpoint, prompt: prompts.passage ?? '', tokens, truncated };
  return { added, replaced: there - added, report };
}

const sampleOf = ([first]: readonly NewDocument[]) => ({
  role: 'passage' as const,
  text: ['', '', first?.text ?? ''] as const,
});

function checkDocuments({ config: { limits } }: Tandem, given: readonly NewDocument[]): void {
  checkList(given, limits, 'input.documents');
  const keys = new Set<string>();
  for (const [i, { key, text, metadata }] of given.entries()) {
    const field = `input.documents.${i}`;
    checkText(text, limits, `${field}.text`);
    if (keys.has(key)) {
      throw badInput(`The key "${key}" stands twice`, {
        field: `${field}.key`,
        expected: 'each key once',
        remedy: 'Give each document its own key.',
      });
    }
    keys.add(key);
    if (metadata !== undefined && metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata))) {
      throw badInput('The metadata are no JSON object', {
        field: `${field}.metadata`,
        expected: 'a JSON object',
        remedy: 'Wrap the value in an object.',
      });
    }
    if (text.includes('\0') || key.includes('\0') || JSON.stringify(metadata ?? null).includes('\\u0000')) {
      throw badInput('A NUL character cannot be stored', {
        field,
        expected: 'text without U+0000',
        remedy: 'Remove it.',
      });
    }
  }
}

async function encodeAll(
  tandem: Tandem,
  encoder: Encoder,
  given: readonly NewDocument[],
  { signal, progress }: JobContext,
): Promise<Encoded> {
  const { dimension } = encoder.model;
  const data = new Float32Array(given.length * dimension);
  const tokens: number[] = [];
  const truncated: boolean[] = [];
  let prompt = '';
  for (let start = 0; start < given.length; start += chunk) {
    const part = given.slice(start, start + chunk).map(({ text }) => ['', '', text] as const);
    const encoded = await encodeTexts(tandem, encoder, 'passage', part, signal);
    data.set(encoded.data, start * dimension);
    tokens.push(...encoded.tokens);
    truncated.push(...encoded.truncated);
    prompt = encoded.prompt;
    progress({ stage: 'embed', done: start + part.length, total: given.length });
  }
  return { data, dimension, tokens, truncated, prompt };
}

/** Writes documents and vectors; the count of new documents. A replaced document keeps its place in the order. */
async function store(
  tx: Transaction,
  collection: CollectionRow,
  given: readonly NewDocument[],
  encoded: Encoded,
): Promise<number> {
  await nextRevision(tx, collection.id);
  const { dimension } = encoded;
  let added = 0;
  for (let start = 0; start < given.length; start += rowsPerInsert) {
    const part = given.slice(start, start + rowsPerInsert);
    const written = await writeDocuments(tx, collection.id, part);
    added += written.added;
    const rows = part.map(({ key }, i) => {
      const documentId = written.ids.get(key);
      invariant(documentId, 'an insert returned no id');
      return { documentId, tokens: encoded.tokens[start + i] ?? 0, truncated: encoded.truncated[start + i] ?? false };
    });
    const data = encoded.data.subarray(start * dimension, (start + part.length) * dimension);
    await storeVectors(tx, collection.checkpointId, rows, { data, dimension });
  }
  return added;
}

/**
 * First of all writes: it locks the collection's row, so that writers of the same documents wait and never deadlock.
 */
async function nextRevision(tx: Transaction, collectionId: string): Promise<CollectionRow> {
  await requireRow(tx, 'collections', collectionId, 'input.collection');
  const [collection] = await tx
    .update(collections)
    .set({ revision: sql`${collections.revision} + 1` })
    .where(eq(collections.id, collectionId))
    .returning();
  invariant(collection, 'an update returned nothing');
  return collection;
}

async function writeDocuments(tx: Transaction, collectionId: string, part: readonly NewDocument[]) {
  const keys = part.map(({ key }) => key);
  const there = await tx
    .select({ key: documents.key })
    .from(documents)
    .where(and(eq(documents.collectionId, collectionId), inArray(documents.key, keys)));
  const rows = await tx
    .insert(documents)
    .values(part.map(({ key, text, metadata }) => ({ collectionId, key, text, metadata: asObject(metadata) })))
    .onConflictDoUpdate({
      target: [documents.collectionId, documents.key],
      set: { text: sql`excluded.text`, metadata: sql`excluded.metadata` },
    })
    .returning({ id: documents.id, key: documents.key });
  return { ids: new Map(rows.map(({ id, key }) => [key, id])), added: part.length - there.length };
}

/** Checked by checkDocuments. */
const asObject = (metadata: unknown) => (metadata ?? null) as Readonly<Record<string, unknown>> | null;

/** Deletes documents by key. Returns the keys that no document has. */
export async function deleteDocuments(
  tandem: Tandem,
  collectionId: string,
  keys: readonly string[],
): Promise<{ collection: CollectionRow; deleted: number; unknownKeys: string[] }> {
  checkList(keys, tandem.config.limits, 'input.keys');
  return tandem.database.db.transaction(async (tx) => {
    const collection = await nextRevision(tx, collectionId);
    const gone = await tx
      .delete(documents)
      .where(and(eq(documents.collectionId, collectionId), inArray(documents.key, [...keys])))
      .returning({ key: documents.key });
    const deleted = new Set(gone.map(({ key }) => key));
    const unknownKeys = [...new Set(keys)].filter((key) => !deleted.has(key));
    return { collection, deleted: deleted.size, unknownKeys };
  });
}
