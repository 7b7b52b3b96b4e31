/** API keys: who may ask over the network, as what. Of a key itself only its digest is kept. */
import { index, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, isDigest, notes, oneOf, tags, updatedAt } from './columns.ts';

/** Each may do what those before it may. */
export const roleNames = ['viewer', 'editor', 'admin'] as const;
export type Role = (typeof roleNames)[number];

export const apiKeys = pgTable(
  'api_keys',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    name: text('name').notNull(),
    notes: notes(),
    tags: tags(),
    role: text('role', { enum: roleNames }).notNull(),
    /** The part of the key that it is looked up by; no secret. */
    lookup: text('lookup').notNull().unique(),
    /** Sha256 of the whole key. */
    digest: text('digest').notNull(),
    /** Null = it does not expire. */
    expiresAt: instant('expires_at'),
    /** Null = it was not revoked. */
    revokedAt: instant('revoked_at'),
    /** To the minute; null = it never was used. */
    lastUsedAt: instant('last_used_at'),
  },
  (table) => [
    index('api_keys_created').on(table.createdAt, table.id),
    isDigest('api_keys_digest', table.digest),
    oneOf('api_keys_role', table.role, roleNames),
  ],
);

export type ApiKeyRow = typeof apiKeys.$inferSelect;
