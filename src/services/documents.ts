/** addDocuments and deleteDocuments. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../db/open.ts';
import { type CollectionRow, collections, documents, type JobRow } from '../db/schema.ts';
import { storeVectors } from '../db/vectors.ts';
import { badInput, invariant } from '../errors.ts';
import type { JobContext } from '../jobs/jobs.ts';
import { encoderOf } from './checkpoints.ts';
import { type Encoded, encodeTexts, reportOf } from './embed.ts';
import { fingerprint } from './idempotency.ts';
import { perform } from './jobs.ts';
import { requireRow } from './rows.ts';
import type { Tandem } from './tandem.ts';
import { checkList, checkText } from './texts.ts';
import type { EmbeddingReport, Encoder } from './types.ts';

export interface NewDocument {
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

/** Texts per call of the threads: progress moves and a cancel is heard between two. */
const chunk = 256;
/** Rows per insert; Postgres takes at most 65535 parameters a statement. */
const rowsPerInsert = 1_000;

/** Embeds, then writes documents and vectors in one transaction. */
export async function addDocuments(tandem: Tandem, request: AddRequest): Promise<Added> {
  const { collectionId, idempotencyKey } = request;
  checkDocuments(tandem, request.documents);
  const collection = await requireRow(tandem.database.db, 'collections', collectionId, 'input.collection');
  const encoder = await encoderOf(tandem, collection.checkpointId, 'input.collection');
  const input = { collectionId, documents: request.documents.length, content: fingerprint(request.documents) };
  const outcome = { added: 0, replaced: request.documents.length, report: nothing(encoder) };
  const { job } = await perform(tandem, 'embed-collection', { input, idempotencyKey }, async (context) => {
    const encoded = await encodeAll(tandem, encoder, request.documents, context);
    outcome.report = reportOf(encoder, encoded);
    outcome.added = await tandem.database.db.transaction((tx) => store(tx, collection, request.documents, encoded));
    outcome.replaced -= outcome.added;
    return collectionId;
  });
  return { ...outcome, collection: await requireRow(tandem.database.db, 'collections', collectionId), job };
}

const nothing = ({ checkpoint }: Encoder): EmbeddingReport => ({ checkpoint, prompt: '', tokens: 0, truncated: 0 });

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
  await requireRow(tx, 'collections', collection.id, 'input.collection');
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
  await tx
    .update(collections)
    .set({ revision: sql`${collections.revision} + 1` })
    .where(eq(collections.id, collection.id));
  return added;
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

/** Deletes documents by key; keys that name none are told. */
export async function deleteDocuments(
  tandem: Tandem,
  collectionId: string,
  keys: readonly string[],
): Promise<{ collection: CollectionRow; deleted: number; unknownKeys: string[] }> {
  checkList(keys, tandem.config.limits, 'input.keys');
  return tandem.database.db.transaction(async (tx) => {
    await requireRow(tx, 'collections', collectionId, 'input.collection');
    const gone = await tx
      .delete(documents)
      .where(and(eq(documents.collectionId, collectionId), inArray(documents.key, [...keys])))
      .returning({ key: documents.key });
    const deleted = new Set(gone.map(({ key }) => key));
    const [collection] = await tx
      .update(collections)
      .set({ revision: sql`${collections.revision} + 1` })
      .where(eq(collections.id, collectionId))
      .returning();
    invariant(collection, 'an update returned nothing');
    const unknownKeys = [...new Set(keys)].filter((key) => !deleted.has(key));
    return { collection, deleted: deleted.size, unknownKeys };
  });
}
