/**
 * The fields that lists are: a list of the whole API, and its parts below the nodes of other types. All have the same
 * arguments; a noun describes its list in services/<noun>/list.ts and calls defineList once.
 */
import { createContextCache } from '@pothos/core';
import { listLoaders, listSource, type Part } from '../../services/common/listing/list-source.ts';
import type { Filter, List, Order } from '../../services/common/listing/types.ts';
import { forRoleOfType } from '../access/roles.ts';
import type { ExtendedTypes } from '../builder.ts';
import type { Context } from '../context.ts';
import { connect } from './connection.ts';
import { type InputOptions, listInputs } from './inputs.ts';
import { withKeys } from './keys.ts';
import type { ConnectionArguments } from './window.ts';

/** The loaders of lists of one request. */
export const loadersOf = createContextCache(({ tandem }: Context) => listLoaders(tandem));

interface ListArguments extends ConnectionArguments {
  readonly filter?: Filter | null;
  readonly orderBy?: readonly Order[] | null;
}

type Fields<Parent> = Pick<PothosSchemaTypes.ObjectFieldBuilder<ExtendedTypes, Parent>, 'connection' | 'arg'>;

export interface ListOptions extends InputOptions {
  /** With keys in place of the global ids in a term of an order. */
  readonly readOrder?: (order: Order, field: string) => Order;
}

interface PartOptions<Parent> {
  /** The edge of the list that leads to the parent. */
  readonly edge: string;
  readonly description: string;
  /** The key of the parent; its id unless it is said. */
  readonly key?: (parent: Parent) => string;
  /** Where none is asked for; the list's own unless it is said. */
  readonly order?: readonly Order[];
}

/** The position of a page by its number, of every connection. */
export const offsetArgument = (t: Pick<Fields<unknown>, 'arg'>) =>
  t.arg.int({
    description:
      'How many items to leave out at the start, for page numbers; not together with a cursor or `last`. Absent or null means none.',
  });

/** `ref` and `connection` are those of the rows; `name` begins the names of the inputs. */
export function defineList<Row extends object>(
  list: List,
  name: string,
  ref: unknown,
  connection: unknown,
  { readOrder, ...options }: ListOptions = {},
) {
  const inputs = listInputs(list, name, options);
  const sourceOf = (context: Context, { filter, orderBy }: ListArguments, part: Part | null) => {
    const request = {
      filter: filter && withKeys(list, filter, 'filter'),
      orderBy: readOrder ? orderBy?.map((order, i) => readOrder(order, `orderBy.${i}`)) : orderBy,
    };
    return listSource<Row>(list, request, part, loadersOf(context));
  };
  const argumentsOf = (t: Fields<unknown>, usual: string) => ({
    filter: t.arg({
      type: inputs.filter,
      description: 'Conditions that the items must meet; absent or null means all.',
    }),
    orderBy: t.arg({
      type: [inputs.orderBy],
      description: `The terms of the order, the first of which counts most; of items that are equal in all of them the id decides. Absent, null or empty means ${usual}.`,
    }),
    offset: offsetArgument(t),
  });
  const field = (t: unknown, description: string, usual: string, resolve: unknown) => {
    const fields = t as Fields<unknown>;
    const shape = { type: ref, description, args: argumentsOf(fields, usual), resolve, ...forRoleOfType(list.type) };
    return fields.connection(shape as never, connection as never) as never;
  };
  return {
    /** The whole list, as a field of Query. */
    whole: (t: unknown, description: string) =>
      field(t, description, 'newest first', (_root: unknown, args: ListArguments, context: Context) =>
        connect(args, context, sourceOf(context, args, null)),
      ),
    /** The part of a parent. */
    part: <Parent>(t: unknown, { edge, description, key, order }: PartOptions<Parent>) =>
      field(
        t,
        description,
        order ? 'the order above' : 'newest first',
        (parent: Parent, given: ListArguments, context: Context) => {
          const args = given.orderBy?.length || !order ? given : { ...given, orderBy: order };
          const own = key?.(parent) ?? (parent as { id: string }).id;
          return connect(args, context, sourceOf(context, args, { edge, key: own }));
        },
      ),
  };
}
