/** search: a query against every document of a collection, on the device. */
import { inArray } from 'drizzle-orm';
import { type DocumentRow, documents } from '../../db/schema.ts';
import { TandemError } from '../../errors.ts';
import { type Encoded, encodeTexts } from '../../jobs/threads/encode.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import { requireRow } from '../common/rows.ts';
import { withinDeadline } from '../embedding/deadline.ts';
import { reportOf } from '../embedding/embed.ts';
import { checkLength, checkText } from '../embedding/texts.ts';
import type { EmbeddingReport } from '../embedding/types.ts';
import type { Tandem } from '../tandem.ts';
import { type Segment, segmentOf } from './segments.ts';

export interface SearchRequest {
  readonly collectionId: string;
  readonly query: string;
  readonly k: number;
  readonly instruction: string;
}

interface Hit {
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

export function search(tandem: Tandem, request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
  return withinDeadline(tandem, signal, (within) => searchNow(tandem, request, within));
}

async function searchNow(tandem: Tandem, request: SearchRequest, signal: AbortSignal): Promise<SearchAnswer> {
  const { limits } = tandem.config;
  checkText(request.query, limits, 'query');
  checkLength(request.instruction, limits, 'instruction');
  const collection = await requireRow(tandem.database.db, 'collections', request.collectionId, 'collection');
  const encoder = await encoderOf(tandem, collection.checkpointId, 'collection');
  const encoded = await encodeTexts(tandem.jobs, encoder, 'query', [[request.instruction, '', request.query]], signal);
  const report = reportOf(encoder, encoded);
  const segment = await segmentOf(tandem, collection, { signal });
  const found = await nearest(tandem, segment, encoded, request.k, signal).catch(async (error: unknown) => {
    if (!isSegmentLost(error)) throw error;
    // Documents were added while the search waited for the device, and the older file is gone.
    const fresh = await segmentOf(tandem, collection, { signal, lost: segment.key });
    return nearest(tandem, fresh, encoded, request.k, signal);
  });
  return { hits: await hitsOf(tandem, found.nearest), searched: found.searched, report };
}

const isSegmentLost = (error: unknown): boolean =>
  error instanceof TandemError && error.details.reason === 'segment-lost';

/** The documents nearest to one query, best first. */
async function nearest(
  { jobs }: Tandem,
  { documentIds, ...segment }: Segment,
  { data, dimension }: Encoded,
  k: number,
  signal: AbortSignal,
) {
  if (segment.count === 0) return { nearest: [], searched: 0 };
  const input = { segment, queries: { data, count: 1, dimension }, k: Math.min(k, segment.count) };
  const { rows, scores } = await jobs.device.call('search', input, { signal });
  const found = Array.from(rows, (row, i) => ({ id: documentIds[row] ?? '', score: scores[i] ?? Number.NaN }));
  return { nearest: found, searched: segment.count };
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
