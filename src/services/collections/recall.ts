/** What an addDocuments of a version up to 0.2.0 did: its job kept no answer. */
import { and, eq, gte, inArray, sql } from 'drizzle-orm';
import { documents, embeddings, type JobRow } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { NewDocument } from '../../jobs/kinds/embed-collection.ts';
import type { JobAnswers } from '../../jobs/kinds/index.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import { requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';

/**
 * As far as its documents are still stored: the ones it added were made since its job began, for a document that is
 * replaced keeps its time.
 */
export async function recall(
  tandem: Tandem,
  { collectionId, documents: given }: { readonly collectionId: string; readonly documents: readonly NewDocument[] },
  job: JobRow,
): Promise<JobAnswers['embed-collection']> {
  const { database, jobs } = tandem;
  const collection = await requireRow(database.db, 'collections', collectionId);
  const { model } = await encoderOf(tandem, collection.checkpointId, 'input.collection');
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
        eq(embeddings.checkpointId, collection.checkpointId),
        inArray(documents.key, keys),
      ),
    );
  invariant(stored, 'a count returned nothing');
  const { added, there, tokens, truncated } = stored;
  const sample = { role: 'passage', text: ['', '', given[0]?.text ?? ''] } as const;
  const { prompts } = await jobs.cpu.call('tokenizeTexts', { model: model.digest, texts: [sample] });
  const report = { checkpointId: collection.checkpointId, prompt: prompts.passage ?? '', tokens, truncated };
  return { added, replaced: there - added, ...report };
}
