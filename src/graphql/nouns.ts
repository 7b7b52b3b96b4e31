/**
 * The node types of the API. One record of db/schema.ts declares each noun; from it come the node ref with its loader
 * and the connection. The fields of a noun are in schema/<noun>.ts. A ref is taken from here rather than from that
 * file, since nouns refer to each other both ways.
 */
import { brandWithType } from '@pothos/core';
import { nouns } from '../db/schema.ts';
import { TandemError } from '../errors.ts';
import { requireRole } from '../services/access/roles.ts';
import { byIds, type RowOf, type TableName } from '../services/common/rows.ts';
import { roleOfNoun } from './access/roles.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';

/**
 * Batches the loads of a request but caches none: the context of a subscription lives for hours and must see changes.
 */
export const loaderOptions = { cache: false };

/** The ref and the connection of one noun, by the name of its table. */
function defineNoun<Name extends TableName>(name: Name) {
  const { type, plural } = nouns[name];
  const role = roleOfNoun(name);
  const ref = builder.loadableNodeRef<RowOf<Name> | Error>(type, {
    id: { resolve: (row) => (row as RowOf<TableName>).id },
    loaderOptions,
    async load(ids, { tandem, caller }) {
      if (role) requireRole(caller, role, `Reading ${plural}`);
      return byIds(tandem, name, ids);
    },
  });
  const connection = builder.connectionObject({ type: ref, name: `${type}Connection` }, { name: `${type}Edge` });
  return { ref, connection };
}

type Noun<Name extends TableName> = ReturnType<typeof defineNoun<Name>>;
type TypeOf<Name extends TableName> = (typeof nouns)[Name]['type'];

const defined = (Object.keys(nouns) as TableName[]).map((name) => [nouns[name].type, defineNoun(name)] as const);

/** The ref of every node type, by its GraphQL name. */
export const refs = Object.fromEntries(defined.map(([type, { ref }]) => [type, ref])) as unknown as {
  readonly [Name in TableName as TypeOf<Name>]: Noun<Name>['ref'];
};

/** The connection of every node type, by the GraphQL name of the node. */
export const connections = Object.fromEntries(
  defined.map(([type, { connection }]) => [type, connection]),
) as unknown as {
  readonly [Name in TableName as TypeOf<Name>]: Noun<Name>['connection'];
};

/** The row with this key, loaded with all others of its type; a NOT_FOUND once it has been deleted. */
export function loadRow<Name extends TableName>(
  context: Context,
  type: TypeOf<Name>,
  key: string,
): Promise<RowOf<Name>> {
  const loader = refs[type].getDataloader(context) as { load(key: string): Promise<RowOf<Name>> };
  return loader.load(key);
}

/** The same; null once it has been deleted. */
export async function loadIfThere<Name extends TableName>(
  context: Context,
  type: TypeOf<Name>,
  key: string,
): Promise<RowOf<Name> | null> {
  try {
    return await loadRow<Name>(context, type, key);
  } catch (error) {
    if (error instanceof TandemError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** The same for a field of type Node; null also where nothing is named. */
export async function loadNode(
  context: Context,
  named: { readonly type: TypeOf<TableName>; readonly id: string } | null,
): Promise<RowOf<TableName> | null> {
  const row = named && (await loadIfThere(context, named.type, named.id));
  // The interface asks of which type a row is.
  if (row && named) brandWithType(row, named.type as never);
  return row;
}
