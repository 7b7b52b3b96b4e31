/** Models before any training: theta_0 of runs. Trained weights are checkpoints. */
import { boolean, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { EncoderFamily } from '../../model/families/catalog.ts';
import type { Heads, ModelDropout, ModelSpec, PoolingMode, PromptTemplates } from '../../model/types.ts';
import { count64, createdAt, id, idempotencyKey, isDigest, notes, tags, updatedAt } from './columns.ts';

/** The part of a model folder's settings that has no column of its own. */
export type ModelPipeline = Pick<
  ModelSpec,
  'dense' | 'normalize' | 'similarity' | 'lowerCase' | 'prompts' | 'defaultPromptName'
> & {
  /** Absent of models of before 0.3.0, whose config.json has the family's usual rates. */
  readonly dropout?: ModelDropout;
  /** Absent of models of before 0.3.0, which have none. */
  readonly heads?: Heads;
};

export const models = pgTable(
  'models',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
    notes: notes(),
    tags: tags(),
    family: text('family').$type<EncoderFamily>().notNull(),
    /** The folder objects/models/<digest>. */
    digest: text('digest').notNull(),
    bytes: count64('bytes').notNull(),
    architecture: jsonb('architecture').$type<Readonly<Record<string, number | boolean>>>().notNull(),
    dimension: integer('dimension').notNull(),
    layers: integer('layers').notNull(),
    parameters: count64('parameters').notNull(),
    vocabularySize: integer('vocabulary_size').notNull(),
    maxLength: integer('max_length').notNull(),
    /** One mode, or several whose vectors are joined in this order. */
    pooling: text('pooling').array().$type<readonly PoolingMode[]>().notNull(),
    includePrompt: boolean('include_prompt').notNull(),
    /** What follows pooling, and what is written for other programs. */
    pipeline: jsonb('pipeline').$type<ModelPipeline>().notNull(),
    templates: jsonb('templates').$type<PromptTemplates>().notNull(),
    /** Of the initial weights; null = not drawn here. */
    seed: count64('seed'),
    /** Where it came from, for people: `scratch`, a folder, a hub id. */
    source: text('source').notNull(),
  },
  (table) => [isDigest('models_digest_is_sha256', table.digest)],
);

export type ModelRow = typeof models.$inferSelect;
export type NewModel = typeof models.$inferInsert;
