/** The audit log: a row per mutation that somebody asked for. Rows outlive the keys that they name. */
import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { roleNames } from './api-keys.ts';
import { createdAt, id, instant, oneOf, updatedAt } from './columns.ts';

/** How a request came. */
export const connectionKinds = ['http', 'web-socket', 'event-stream'] as const;
export type ConnectionKind = (typeof connectionKinds)[number];

export const auditEntries = pgTable(
  'audit_entries',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    /** Of the API key; null = the caller had none, or TANDEM_ADMIN_KEY. The key may be deleted by now. */
    keyId: uuid('key_id'),
    /** What the caller was called. */
    caller: text('caller').notNull(),
    role: text('role', { enum: roleNames }).notNull(),
    connection: text('connection', { enum: connectionKinds }).notNull(),
    mutation: text('mutation').notNull(),
    /** What the client called its operation; null = nothing. */
    operation: text('operation'),
    /** Texts are replaced by their lengths. */
    arguments: jsonb('arguments').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Global ids in the arguments and in the result. */
    touched: text('touched').array().notNull(),
    /** OK, or the code of the error; null = it is under way, or its process died. */
    outcome: text('outcome'),
    endedAt: instant('ended_at'),
  },
  (table) => [
    index('audit_entries_created').on(table.createdAt, table.id),
    index('audit_entries_key').on(table.keyId, table.createdAt, table.id),
    oneOf('audit_entries_role', table.role, roleNames),
    oneOf('audit_entries_connection', table.connection, connectionKinds),
  ],
);

export type AuditEntryRow = typeof auditEntries.$inferSelect;
