/** addDocuments and deleteDocuments. */
import { and, eq, inArray } from 'drizzle-orm';
import { nextRevision } from '../../db/collections.ts';
import { globalId } from '../../db/global-id.ts';
import { type CollectionRow, documents, type JobRow } from '../../db/schema.ts';
import { badInput, conflict } from '../../errors.ts';
import { payloadOf } from '../../jobs/kinds/common/payload.ts';
import type { NewDocument } from '../../jobs/kinds/embed-collection.ts';
import { requireRow } from '../common/rows.ts';
import { checkList, checkText } from '../embedding/texts.ts';
import { type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';
import { recall } from './recall.ts';

export interface AddRequest {
  readonly collectionId: string;
  readonly documents: readonly NewDocument[];
  /** False: a key that the collection has is refused. */
  readonly replace?: boolean | null | undefined;
  /** Refused if it is not the collection's. */
  readonly checkpointId?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

/** Checks documents that are to be embedded and stored. */
export async function addDocuments(tandem: Tandem, request: AddRequest): Promise<Work<'embed-collection'>> {
  const { collectionId, documents: given, idempotencyKey } = request;
  checkDocuments(tandem, given);
  const { db } = tandem.database;
  const asked = await requireRow(db, 'collections', collectionId, 'input.collection');
  if (request.checkpointId && request.checkpointId !== asked.checkpointId) throw otherCheckpoint(asked);
  const payload = payloadOf(given);
  const replace = request.replace ?? true;
  const input = { collectionId, documents: given.length, content: payload.digest, replace };
  const recalled = (job: JobRow) => recall(tandem, request, job);
  return workOf('embed-collection', { input, payload, idempotencyKey, recall: recalled });
}

const otherCheckpoint = ({ name, checkpointId }: CollectionRow) =>
  conflict(`The collection "${name}" is embedded by another checkpoint`, {
    field: 'input.checkpoint',
    expected: `its checkpoint, ${globalId('Checkpoint', checkpointId)}`,
    remedy: 'Leave the checkpoint out, or make a collection of another name for it.',
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
  }
}

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
