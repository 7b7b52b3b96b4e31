/**
 * The schema builder: scalars, relay conventions, validation. The files of schema/ add types to it; schema.ts builds
 * it. Importing it opens nothing and starts nothing.
 */
import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import RelayPlugin from '@pothos/plugin-relay';
import ValidationPlugin from '@pothos/plugin-validation';
import type { Context } from './context.ts';
import { decodeId, encodeId } from './ids.ts';
import { dateTime, int64, json } from './scalars.ts';
import { validationError } from './validation.ts';

export interface SchemaTypes {
  Context: Context;
  Scalars: {
    ID: { Input: string; Output: string };
    Int64: { Input: number; Output: number };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
  };
  Connection: { totalCount: number | Promise<number> };
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  DefaultFieldNullability: false;
}

/** The same with the library's defaults filled in: what its types are parametrised with. */
export type ExtendedTypes = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>;

export const builder = new SchemaBuilder<SchemaTypes>({
  defaultFieldNullability: false,
  plugins: [RelayPlugin, ValidationPlugin, DataloaderPlugin],
  validation: { validationError },
  relay: {
    encodeGlobalID: encodeId,
    decodeGlobalID: decodeId,
    cursorType: 'String',
    idFieldOptions: { description: 'The global id, unique over all types.' },
    nodeTypeOptions: { description: 'Anything with a global id.' },
    nodeQueryOptions: {
      description: 'The object of a global id; null, with the error NOT_FOUND, if there is none.',
      args: { id: { description: 'The global id of the object.' } },
    },
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'The position of a page within its connection.' },
    hasNextPageFieldOptions: { description: 'Whether more items follow this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether items precede this page.' },
    startCursorFieldOptions: {
      description: 'The cursor of the first item, for `before`; null on an empty page.',
    },
    endCursorFieldOptions: {
      description: 'The cursor of the last item, to give as `after` for the next page; null on an empty page.',
    },
    pageInfoFieldOptions: { description: 'The position of this page within the list.', nullable: false },
    edgesFieldOptions: {
      description: 'The items of this page, each with its cursor.',
      nullable: { list: false, items: false },
    },
    nodeFieldOptions: { description: 'The item at this position.', nullable: false },
    cursorFieldOptions: { description: "The item's position, for `after` and `before`." },
    beforeArgOptions: { description: 'Return only items before this cursor; absent or null means no such bound.' },
    afterArgOptions: { description: 'Return only items after this cursor; absent or null means no such bound.' },
    firstArgOptions: {
      description:
        'The largest number of items to return from the start; absent or null means 50, or as many as `last` says.',
    },
    lastArgOptions: {
      description: 'The largest number of items to return from the end. Absent or null means no such bound.',
    },
    nodesOnConnection: { description: 'The items of this page without their cursors.' },
    defaultConnectionTypeOptions: { description: 'One page of a list.' },
    defaultEdgeTypeOptions: { description: 'An item with its cursor.' },
  },
});

builder.addScalarType('Int64', int64);
builder.addScalarType('DateTime', dateTime);
builder.addScalarType('JSON', json);

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'The number of items of the whole list that match, over all pages; counted only where it is selected.',
    resolve: (connection) => connection.totalCount,
  }),
);

builder.queryType({ description: 'The queries of the API.' });
builder.mutationType({
  description: 'The mutations of the API. Mutations that create something accept an idempotencyKey.',
});
builder.subscriptionType({
  description:
    'The subscriptions of the API, delivered as server-sent events on POST /graphql and /graphql/stream, or over a WebSocket (graphql-ws) on /graphql.',
});
