/** The audit log. */
import type { AuditEntryRow } from '../../db/schema.ts';
import { auditKeeping } from '../../services/access/audit.ts';
import { auditList } from '../../services/access/list.ts';
import { builder } from '../builder.ts';
import { ConnectionKind, Role } from '../enums.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, loadIfThere, refs } from '../nouns.ts';

const { ApiKey, AuditEntry } = refs;
const { days, atLeast } = auditKeeping;

AuditEntry.implement({
  description: `A mutation that somebody asked for, also one that was refused. Entries are kept for ${days} days, and the last ${atLeast.toLocaleString('en-US')} of them for longer.`,
  fields: (t) => ({
    caller: t.exposeString('caller', { description: 'The name of the caller at the time, as Caller has it.' }),
    role: t.expose('role', { type: Role, description: 'The role of the caller.' }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The key of the caller; null where none was sent, or where it is deleted.',
      resolve: ({ keyId }, _args, context) =>
        keyId === null ? null : loadIfThere<'apiKeys'>(context, 'ApiKey', keyId),
    }),
    connection: t.expose('connection', { type: ConnectionKind, description: 'How the request came.' }),
    mutation: t.exposeString('mutation', {
      description: 'The field of Mutation; upload and deleteUpload are PUT and DELETE below /import.',
    }),
    operation: t.exposeString('operation', {
      nullable: true,
      description: 'The name that the client gave its operation; null if it gave none.',
    }),
    arguments: t.expose('arguments', {
      type: 'JSON',
      description:
        'The arguments with their ids, numbers, times and choices. Of each text only the length is kept, and of a list of more than 10 items the number of them.',
    }),
    touched: t.exposeStringList('touched', {
      description: 'The global ids in the arguments and in the result, at most 1,001.',
    }),
    outcome: t.exposeString('outcome', {
      nullable: true,
      description: 'OK, or the code of the error; null while the mutation is under way, and where its process died.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the request came.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the mutation ended; null as the outcome is.',
    }),
  }),
});

const entriesOf = defineList<AuditEntryRow>(auditList, 'AuditEntry', AuditEntry, connections.AuditEntry, {
  enums: { role: Role, connection: ConnectionKind },
});

builder.queryFields((t) => ({
  auditEntries: entriesOf.whole(t, 'The audit log: every mutation that was asked for, newest first.'),
  auditEntry: lookup(t, 'AuditEntry', 'an entry of the audit log'),
}));

builder.objectField(ApiKey, 'auditEntries', (t) =>
  entriesOf.part(t, { edge: 'key', description: 'The mutations that were asked for with the key, newest first.' }),
);
