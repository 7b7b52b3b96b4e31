/** search: a query against every document of a collection, on the device. */
import { inArray } from 'drizzle-orm';
import { type DocumentRow, documents } from '../db/schema.ts';
import { encoderOf } from './checkpoints.ts';
import { encodeTexts, reportOf } from './embed.ts';
import { requireRow } from './rows.ts';
import { segmentOf } from './segments.ts';
import type { Tandem } from './tandem.ts';
import { checkLength, checkText } from './texts.ts';
import type { EmbeddingReport } from './types.ts';

export interface SearchRequest {
  readonly collectionId: string;
  readonly query: string;
  readonly k: number;
  readonly instruction: string;
}

export interface Hit {
  readonly document: DocumentRow;
  /** Cosine. */
  readonly score: number;
  /** From 1. */
  readonly rank: number;
}

export interface SearchAnswer {
  readonly hits: readonly Hit[];
  /** Documents that were compared. */
  readonly searched: number;
  readonly report: EmbeddingReport;
}

export async function search(tandem: Tandem, request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
  const { limits } = tandem.config;
  checkText(request.query, limits, 'query');
  checkLength(request.instruction, limits, 'instruction');
  const collection = await requireRow(tandem.database.db, 'collections', request.collectionId, 'collection');
  const encoder = await encoderOf(tandem, collection.checkpointId, 'collection');
  const encoded = await encodeTexts(tandem, encoder, 'query', [[request.instruction, '', request.query]], signal);
  const report = reportOf(encoder, encoded);
  const { documentIds, ...segment } = await segmentOf(tandem, collection);
  if (segment.count === 0) return { hits: [], searched: 0, report };
  const queries = { data: encoded.data, count: 1, dimension: encoded.dimension };
  const input = { segment, queries, k: Math.min(request.k, segment.count) };
  const { rows, scores } = await tandem.jobs.device.call('search', input, signal ? { signal } : {});
  const found = Array.from(rows, (row, i) => ({ id: documentIds[row] ?? '', score: scores[i] ?? Number.NaN }));
  return { hits: await hitsOf(tandem, found), searched: segment.count, report };
}

/** Documents of the found rows; one that was deleted meanwhile is left out. */
async function hitsOf(
  { database: { db } }: Tandem,
  found: readonly { readonly id: string; readonly score: number }[],
): Promise<Hit[]> {
  const ids = found.map(({ id }) => id).filter((id) => id !== '');
  const rows = await db.select().from(documents).where(inArray(documents.id, ids));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return found
    .flatMap(({ id, score }) => {
      const document = byId.get(id);
      return document === undefined ? [] : [{ document, score: Math.max(-1, Math.min(1, score)) }];
    })
    .map((hit, i) => ({ ...hit, rank: i + 1 }));
}
