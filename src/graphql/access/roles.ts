/**
 * Which role a field needs: said where the field is defined, enforced and written into its description here. A caller
 * has at least the role viewer, with which everything is read that says nothing else; a mutation that says nothing
 * needs the role editor.
 */
import { defaultFieldResolver, type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';
import type { NodeType } from '../../db/global-id.ts';
import { nouns, type Role } from '../../db/schema.ts';
import { TandemError } from '../../errors.ts';
import { requireRole } from '../../services/access/roles.ts';
import type { TableName } from '../../services/common/rows.ts';
import type { Context } from '../context.ts';

/** Options of a field that needs this role. */
const forRole = (role: Role) => ({ extensions: { role } });

export const forAdmins = forRole('admin');

/** The role that reading a noun and changing it needs; undefined = the usual one. */
export const roleOfNoun = (name: TableName): Role | undefined => (nouns[name] as { readonly role?: Role }).role;

/** Options of fields that read a noun or change it. */
export function forRoleOf(name: TableName): Partial<ReturnType<typeof forRole>> {
  const role = roleOfNoun(name);
  return role ? forRole(role) : {};
}

/** The same by the GraphQL type of the noun; null = rows that are no nouns. */
export function forRoleOfType(type: NodeType | null): ReturnType<typeof forRoleOf> {
  const name = (Object.keys(nouns) as TableName[]).find((each) => nouns[each].type === type);
  return name ? forRoleOf(name) : {};
}

/** Has every field that needs a role ask for it; returns the schema. */
export function withRoles(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    const usual: Role | undefined = type === schema.getMutationType() ? 'editor' : undefined;
    for (const field of Object.values(type.getFields())) {
      const needed = (field.extensions['role'] as Role | undefined) ?? usual;
      if (needed) guard(field, needed);
    }
  }
  return schema;
}

function guard(field: GraphQLField<unknown, Context>, needed: Role): void {
  const { name, description, resolve = defaultFieldResolver } = field;
  field.description = `${description} Needs the role ${needed}.`;
  field.resolve = (parent, args, context, info) => {
    requireKey(context);
    requireRole(context.caller, needed, name);
    return resolve(parent, args, context, info);
  };
}

/** The mutations of an operation run one after the other, and the key may end meanwhile. */
function requireKey({ signal: { aborted, reason } }: Context): void {
  if (aborted && reason instanceof TandemError && reason.code === 'UNAUTHENTICATED') throw reason;
}
