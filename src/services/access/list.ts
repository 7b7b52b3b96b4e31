/** The lists of API keys and of the entries of the audit log. */
import { apiKeys, auditEntries } from '../../db/schema.ts';
import { changed, column, columnEdge, edited, nounList } from '../common/listing/define.ts';

export const apiKeyList = nounList('apiKeys', {
  called: 'API keys',
  columns: {
    createdAt: column(apiKeys.createdAt, 'time of its making'),
    ...edited(apiKeys),
    name: column(apiKeys.name, 'name', { searched: true, changes: true }),
    role: column(apiKeys.role, 'role'),
    lookup: column(apiKeys.lookup, 'text that begins the key'),
    expiresAt: column(apiKeys.expiresAt, 'time at which it expires', { changes: true }),
    revokedAt: column(apiKeys.revokedAt, 'time at which it was revoked', { changes: true }),
    lastUsedAt: column(apiKeys.lastUsedAt, 'time of its last use', { changes: true }),
  },
});

export const auditList = nounList('auditEntries', {
  called: 'entries of the audit log',
  columns: {
    createdAt: column(auditEntries.createdAt, 'time of the request'),
    ...changed(auditEntries),
    caller: column(auditEntries.caller, 'name of the caller', { searched: true }),
    role: column(auditEntries.role, 'role of the caller'),
    connection: column(auditEntries.connection, 'kind of connection'),
    mutation: column(auditEntries.mutation, 'name of the mutation', { searched: true }),
    operation: column(auditEntries.operation, 'name of the operation', { searched: true }),
    touched: column(auditEntries.touched, 'global ids that it named'),
    outcome: column(auditEntries.outcome, 'outcome', { changes: true }),
    endedAt: column(auditEntries.endedAt, 'time of its end', { changes: true }),
  },
  edges: { key: columnEdge('ApiKey', 'by', auditEntries.keyId) },
});
