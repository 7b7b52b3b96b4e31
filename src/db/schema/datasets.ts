/** Imported data set versions. Immutable: another import of the same name is another version. */
import { boolean, index, integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';
import type { ImporterName } from '../../data/importers/catalog.ts';
import type { DatasetSummary, Task } from '../../data/types.ts';
import { count64, createdAt, id, idempotencyKey, isDigest, notes, oneOf, tags, updatedAt } from './columns.ts';

export const taskNames = ['ir', 'sts'] as const satisfies readonly Task[];

export const datasets = pgTable(
  'datasets',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
    notes: notes(),
    tags: tags(),
    /** Counts from 1 per name. */
    version: integer('version').notNull(),
    task: text('task', { enum: taskNames }).notNull(),
    /** sha256 of the record file; the folder objects/datasets/<digest>. */
    digest: text('digest').notNull(),
    bytes: count64('bytes').notNull(),
    counts: jsonb('counts').$type<DatasetSummary['counts']>().notNull(),
    documentCounts: jsonb('document_counts').$type<DatasetSummary['documentCounts']>().notNull(),
    scale: jsonb('scale').$type<DatasetSummary['scale']>().notNull(),
    ignoreIdenticalIds: boolean('ignore_identical_ids').notNull().default(false),
    warnings: jsonb('warnings').$type<DatasetSummary['warnings']>().notNull(),
    importer: text('importer').$type<ImporterName>().notNull(),
    importOptions: jsonb('import_options').$type<Readonly<Record<string, number | string | boolean>>>().notNull(),
    /** Where it came from, for people: a path in the import folder, `sample`, `inline`. */
    source: text('source').notNull(),
    /** What the texts are about, for people and filters; null = not said. */
    domain: text('domain'),
    /** BCP 47; null = not said. */
    language: text('language'),
    /** Names of the data sets that its content comes from, as a translation or a selection does. */
    derivedFrom: jsonb('derived_from').$type<readonly string[]>().notNull().default([]),
  },
  (table) => [
    unique('datasets_name_version').on(table.name, table.version),
    index('datasets_digest').on(table.digest),
    oneOf('datasets_task', table.task, taskNames),
    isDigest('datasets_digest_is_sha256', table.digest),
  ],
);

export type DatasetRow = typeof datasets.$inferSelect;
export type NewDataset = typeof datasets.$inferInsert;
