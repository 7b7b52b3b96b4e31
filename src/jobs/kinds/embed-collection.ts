/** Embeds documents, then writes them and their vectors into a collection. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { nextRevision } from '../../db/collections.ts';
import type { Executor, Transaction } from '../../db/open.ts';
import { requireRow } from '../../db/rows.ts';
import { type CollectionRow, documents } from '../../db/schema.ts';
import { storeVectors } from '../../db/vectors.ts';
import { conflict, invariant } from '../../errors.ts';
import { defineJob, type JobContext } from '../define.ts';
import { type Encoded, type Encoder, encodeTexts } from '../threads/encode.ts';
import { readPayload } from './common/payload.ts';
import { encoderOf } from './common/rows.ts';
import { kindOf } from './entry.ts';

export interface NewDocument {
  readonly key: string;
  readonly text: string;
  readonly metadata?: unknown;
}

type EmbeddedDocuments = {
  readonly added: number;
  readonly replaced: number;
  /** How they were embedded. */
  readonly checkpointId: string;
  readonly prompt: string;
  readonly tokens: number;
  readonly truncated: number;
};

type Context = JobContext<EmbeddedDocuments>;

/** Texts per call of the threads: progress is reported and a cancel noticed between two. */
const chunk = 256;
/** Rows per insert; Postgres takes at most 65535 parameters a statement. */
const rowsPerInsert = 1_000;

export const embedCollection = defineJob({
  entry: kindOf('embed-collection'),
  input: z.object({
    collectionId: z.uuid(),
    /** How many there are. */
    documents: z.number(),
    /** The payload of them. */
    content: z.string(),
    /** False: no document replaces one of its key. */
    replace: z.boolean().default(true),
  }),
  uses: ({ collectionId, content }) => [
    { kind: 'collection', id: collectionId },
    { kind: 'payload', id: content },
  ],
  subject: ({ collectionId }) => collectionId,
  async run(context: Context, { collectionId, content, replace }) {
    const { db, storage, succeed } = context;
    const given = await readPayload<readonly NewDocument[]>(storage, content);
    const collection = await requireRow(db, 'collections', collectionId);
    const encoder = await encoderOf(db, collection.checkpointId);
    if (!replace) await refuseTaken(db, collection, given);
    const encoded = await encodeAll(context, encoder, given);
    return succeed(async (tx) => {
      // Others may have added some meanwhile; from here on they wait.
      await nextRevision(tx, collection.id);
      if (!replace) await refuseTaken(tx, collection, given);
      const added = await store(tx, collection, given, encoded);
      const tokens = encoded.tokens.reduce((sum, count) => sum + count, 0);
      const truncated = encoded.truncated.filter(Boolean).length;
      const report = { checkpointId: encoder.checkpoint.id, prompt: encoded.prompt, tokens, truncated };
      return { resultId: collectionId, answer: { added, replaced: given.length - added, ...report } };
    });
  },
});

async function encodeAll(context: Context, encoder: Encoder, given: readonly NewDocument[]): Promise<Encoded> {
  const { dimension } = encoder.model;
  const data = new Float32Array(given.length * dimension);
  const tokens: number[] = [];
  const truncated: boolean[] = [];
  let prompt = '';
  for (let start = 0; start < given.length; start += chunk) {
    const part = given.slice(start, start + chunk).map(({ text }) => ['', '', text] as const);
    const encoded = await encodeTexts(context, encoder, 'passage', part, context.signal);
    data.set(encoded.data, start * dimension);
    tokens.push(...encoded.tokens);
    truncated.push(...encoded.truncated);
    prompt = encoded.prompt;
    context.progress({ stage: 'embed', done: start + part.length, total: given.length });
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

/** Throws CONFLICT if the collection has one of the keys. */
async function refuseTaken(db: Executor, { id, name }: CollectionRow, given: readonly NewDocument[]): Promise<void> {
  for (let start = 0; start < given.length; start += rowsPerInsert) {
    const keys = given.slice(start, start + rowsPerInsert).map(({ key }) => key);
    const [taken] = await db
      .select({ key: documents.key })
      .from(documents)
      .where(and(eq(documents.collectionId, id), inArray(documents.key, keys)))
      .orderBy(documents.ordinal)
      .limit(1);
    if (!taken) continue;
    throw conflict(`The collection "${name}" has a document of the key "${taken.key}"`, {
      field: 'input.documents',
      expected: 'keys that the collection does not have',
      remedy: 'Give other keys, or ask for a replacement (replace: true; --replace on the command line).',
    });
  }
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

/** Checked before the job was queued. */
const asObject = (metadata: unknown) => (metadata ?? null) as Readonly<Record<string, unknown>> | null;
