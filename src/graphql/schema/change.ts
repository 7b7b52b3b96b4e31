/** Changes of all lists, by which a client knows what to load again. */
import type { ChangedType as ChangedTypeName, ChangeRow, changeKinds } from '../../db/schema.ts';
import type { ChangeItem } from '../../services/changes/changes.ts';
import { builder } from '../builder.ts';
import { namedEnum } from '../enums.ts';
import { encodeId } from '../ids.ts';
import { loadNode } from '../nouns.ts';

const Node = builder.nodeInterfaceRef();

const NodeType = builder.enumType('NodeType', {
  description: 'A type of node whose changes are sent.',
  values: {
    DATASET: { value: 'Dataset', description: 'Imported data sets.' },
    MODEL: { value: 'Model', description: 'Models before any training.' },
    RUN: { value: 'Run', description: 'Training runs, with their states and figures.' },
    CHECKPOINT: { value: 'Checkpoint', description: 'Checkpoints, with their aliases.' },
    SUITE: { value: 'Suite', description: 'Suites of data sets.' },
    EVALUATION: { value: 'Evaluation', description: 'Evaluations of checkpoints.' },
    FUSION_SEARCH: { value: 'FusionSearch', description: 'Searches for a fusion, with their candidates.' },
    COLLECTION: { value: 'Collection', description: 'Collections; a change of their documents is one of theirs.' },
    ARCHITECTURE_SEARCH: {
      value: 'ArchitectureSearch',
      description: 'Searches over architectures, with their trials.',
    },
    JOB: { value: 'Job', description: 'Jobs of every kind, those of runs included.' },
  } as const satisfies Readonly<Record<string, { readonly value: ChangedTypeName; readonly description: string }>>,
});

const ChangeKind = namedEnum<(typeof changeKinds)[number]>('ChangeKind', 'What happened to a node.', {
  created: 'The node is new.',
  updated: 'Something that the node shows is another.',
  deleted: 'The node is gone.',
});

const Change = builder.objectRef<ChangeRow>('Change').implement({
  description: 'A change of one node. What the node is by now is loaded when the change is sent.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ChangeKind, description: 'What happened to the node.' }),
    type: t.expose('type', { type: NodeType, description: 'The type of the node.' }),
    // Not `id`: caches like Relay's take a field of that name for the identity of the record, here that of the change.
    nodeId: t.id({
      description: 'The global id of the node, also when it is gone.',
      resolve: ({ type, key }) => encodeId(type, key),
    }),
    node: t.field({
      type: Node,
      nullable: true,
      description: 'The node as it is now; null once it is gone.',
      resolve: ({ type, key }, _args, context) => loadNode(context, { type, id: key }),
    }),
  }),
});

const ChangeEvent = builder.objectRef<ChangeItem>('ChangeEvent').implement({
  description: 'A change with its number, or a number alone.',
  fields: (t) => ({
    seq: t.expose('seq', {
      type: 'Int64',
      description: 'The number of the change; given as `after`, the changes that follow it are sent.',
    }),
    change: t.field({
      type: Change,
      nullable: true,
      description:
        'The change; null in the first event without `after`, and in one that is sent after 15 seconds of silence.',
      resolve: (item) => (item.kind === 'position' ? null : item),
    }),
  }),
});

builder.queryField('changeSeq', (t) =>
  t.field({
    type: 'Int64',
    description:
      'The number of the last change. Asked for before a list is loaded and given to `changes` as `after`, it leaves out no change of the list.',
    resolve: (_root, _args, { tandem }) => tandem.changes.lastSeq(),
  }),
);

builder.subscriptionField('changes', (t) =>
  t.field({
    type: ChangeEvent,
    description:
      'Sends every change of every list in the order in which the changes were committed. It begins with an event that has the number of now and no change, or, with `after`, with the changes that followed that number. Changes of documents are sent as a change of their collection. An update that only tells how far a run, a job or a search is comes once a second at most. Changes are kept for 7 days, and the last 100,000 of them for longer; an `after` behind which some are gone ends with the error RESYNC: then load everything anew. It never ends by itself.',
    args: {
      types: t.arg({
        type: [NodeType],
        description: 'The types of the nodes whose changes are sent; absent or null means all.',
      }),
      after: t.arg({
        type: 'Int64',
        description: 'The number of the last change that was seen; absent or null begins now.',
      }),
    },
    subscribe: (_root, { types, after }, { tandem, signal }) => tandem.changes.follow({ types, after, signal }),
    resolve: (item) => item,
  }),
);
