/**
 * The schema builder: scalars, relay conventions, validation. The files of schema/ add types to it; schema.ts builds it.
 * Importing it opens nothing and starts nothing.
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
  Connection: { totalCount: number };
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
    idFieldOptions: { description: 'Global id, unique over all types.' },
    nodeTypeOptions: { description: 'Anything with a global id.' },
    nodeQueryOptions: {
      description: 'The object of a global id; null if there is none.',
      args: { id: { description: 'Global id.' } },
    },
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'Where a page of a connection stands.' },
    hasNextPageFieldOptions: { description: 'True = more items follow.' },
    hasPreviousPageFieldOptions: { description: 'True = items stand before.' },
    startCursorFieldOptions: { description: 'Cursor of the first item.' },
    endCursorFieldOptions: { description: 'Cursor of the last item; give it as `after` to go on.' },
    pageInfoFieldOptions: { description: 'Where this page stands.', nullable: false },
    edgesFieldOptions: {
      description: 'The items of this page, each with its cursor.',
      nullable: { list: false, items: false },
    },
    nodeFieldOptions: { description: 'The item.', nullable: false },
    cursorFieldOptions: { description: "The item's position, for `after` and `before`." },
    beforeArgOptions: { description: 'Only items before this cursor.' },
    afterArgOptions: { description: 'Only items after this cursor.' },
    firstArgOptions: { description: 'At most so many, from the start (default 50).' },
    lastArgOptions: { description: 'At most so many, from the end; needs `before`.' },
    nodesOnConnection: { description: 'The items of this page without their cursors.' },
    defaultConnectionTypeOptions: { description: 'One page of a list.' },
    defaultEdgeTypeOptions: { description: 'An item with its cursor.' },
  },
});

builder.addScalarType('Int64', int64);
builder.addScalarType('DateTime', dateTime);
builder.addScalarType('JSON', json);

builder.globalConnectionField('totalCount', (t) =>
  t.exposeInt('totalCount', { description: 'Items of the whole list that match, over all pages.' }),
);

builder.queryType({ description: 'What can be asked.' });
builder.mutationType({ description: 'What can be changed. Creating mutations take an idempotencyKey.' });
builder.subscriptionType({ description: 'What can be followed, as server-sent events on POST /graphql.' });
