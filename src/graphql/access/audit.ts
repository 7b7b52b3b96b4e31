/** Has every mutation write its entry of the audit log, refused ones included (services/access/audit.ts). */
import {
  defaultFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isListType,
  isObjectType,
} from 'graphql';
import { globalId, type NodeType } from '../../db/global-id.ts';
import { audited } from '../../services/access/audit.ts';
import type { Context } from '../context.ts';
import { codeOf } from '../errors.ts';
import { argumentsOf } from './audit-arguments.ts';

/** Behind withRoles: what a role does not allow is in the log as well. Returns the schema. */
export function withAudit(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve = defaultFieldResolver, name: mutation, type } = field;
    field.resolve = (root, args, context: Context, info) => {
      const { caller, connection, tandem } = context;
      const operation = info.operation.name?.value.slice(0, 200) ?? null;
      const record = { caller, connection, mutation, operation, ...argumentsOf(field.args, args) };
      const work = async (): Promise<unknown> => resolve(root, args, context, info);
      return audited(tandem.database, record, work, { codeOf, idsOf: (result) => idsIn(result, type, 1) });
    };
  }
  return schema;
}

/** The global ids of the nodes in a result: those it is, and those that a payload has in a field by themselves. */
function idsIn(value: unknown, type: GraphQLOutputType, depth: number): string[] {
  const expected = getNullableType(type);
  if (value === null || value === undefined) return [];
  if (isListType(expected)) {
    return Array.isArray(value) ? value.flatMap((item) => idsIn(item, expected.ofType, depth)) : [];
  }
  if (!isObjectType(expected)) return [];
  if (expected.getInterfaces().some(({ name }) => name === 'Node')) {
    // A row, or the key by which it will be loaded.
    const { id = value } = value as { readonly id?: unknown };
    return typeof id === 'string' ? [globalId(expected.name as NodeType, id)] : [];
  }
  if (depth === 0 || typeof value !== 'object') return [];
  return Object.values(expected.getFields()).flatMap((field) => {
    const exposed = (value as Readonly<Record<string, unknown>>)[String(field.extensions['pothosExposedField'])];
    return idsIn(exposed, field.type, depth - 1);
  });
}
