/** The texts behind the units of an evaluation, read together and only where somebody asks for them. */
import DataLoader from 'dataloader';
import { openDataset } from '../../data/record-file.ts';
import type { StoredDocument, StoredRecord } from '../../data/types.ts';
import type { EvaluationRow } from '../../db/schema.ts';
import { requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';

export interface SplitTexts {
  /** A record by its number in the split. */
  record(number: number): Promise<StoredRecord>;
  /** A document by its number in the split's corpus. */
  document(number: number): Promise<StoredDocument>;
}

export async function textsOf(
  { database: { db }, storage }: Tandem,
  { datasetId, split }: EvaluationRow,
): Promise<SplitTexts> {
  const { digest } = await requireRow(db, 'datasets', datasetId);
  const open = () => openDataset(storage, digest);
  const records = new DataLoader<number, StoredRecord>(async (numbers) => (await open()).recordsAt(split, numbers));
  const documents = new DataLoader<number, StoredDocument>(async (numbers) =>
    (await open()).documentsAt(split, numbers),
  );
  return { record: (number) => records.load(number), document: (number) => documents.load(number) };
}
