/** A noun with a condition of every kind, for tests of what adapters make of a frontend's words. */
import type { Resource } from '../../src/adapters/common/types.ts';

export const noun: Resource = {
  list: 'things',
  type: 'Thing',
  nodeType: 'THING',
  fields: 'id name',
  filter: {
    ...{ ids: '[ID!]', q: 'String', name: 'String', nameIn: '[String!]', nameContains: 'String' },
    ...{ domain: 'String', domainIn: '[String!]', domainContains: 'String', domainIsNull: 'Boolean' },
    ...{ state: 'ThingState', stateIn: '[ThingState!]', model: 'ID', modelIn: '[ID!]', best: 'Boolean' },
    ...{ step: 'IntRange', loss: 'FloatRange', createdAt: 'DateTimeRange', tags: '[String!]', tagsAny: '[String!]' },
  },
  orders: ['CREATED_AT', 'NAME', 'MODEL', 'EVALUATION'],
  creates: [],
  editable: { name: 'String', notes: 'String', tags: '[String!]', expiresAt: 'DateTime' },
  update: null,
  updateMany: null,
  delete: null,
  deleteMany: null,
};
