/** Which role every mutation needs: by a table written by hand, in its description, and of whoever calls it. */
import {
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../../src/db/global-id.ts';
import type { Role } from '../../../src/db/schema.ts';
import { schema } from '../../../src/graphql/schema.ts';
import type { AccessPlace } from './place.ts';

const table: Readonly<Record<'editor' | 'admin', readonly string[]>> = {
  editor: [
    ...['addDocuments', 'cancelJob', 'cancelRun', 'createCollection', 'createModel', 'createSuite'],
    ...['deleteArchitectureSearch', 'deleteArchitectureSearches', 'deleteCheckpoint', 'deleteCheckpoints'],
    ...['deleteCollection', 'deleteCollections', 'deleteDataset', 'deleteDatasets', 'deleteDocuments'],
    ...['deleteEvaluation', 'deleteEvaluations', 'deleteFusionSearch', 'deleteFusionSearches', 'deleteJob'],
    ...['deleteJobs', 'deleteModel', 'deleteModels', 'deleteRun', 'deleteRuns', 'deleteSuite', 'deleteSuites'],
    ...['deriveModel', 'evaluateBagOfWords', 'evaluateCheckpoint', 'evaluateSuite', 'exportCheckpoint'],
    ...['fuseCandidate', 'fuseCheckpoints', 'importDataset', 'importModel', 'resumeArchitectureSearch', 'resumeRun'],
    ...['setCheckpointAlias', 'startArchitectureSearch', 'startFusionSearch', 'startRun'],
    ...['updateCheckpoint', 'updateCheckpoints', 'updateCollection', 'updateCollections', 'updateDataset'],
    ...['updateDatasets', 'updateModel', 'updateModels', 'updateRun', 'updateRuns'],
  ],
  admin: [...['createApiKey', 'deleteApiKey', 'deleteApiKeys', 'revokeApiKey', 'updateApiKey', 'updateApiKeys']],
};

const mutations = Object.values(schema.getMutationType()!.getFields());
const neededBy = ({ name }: GraphQLField<unknown, unknown>): Role => (table.admin.includes(name) ? 'admin' : 'editor');

/** Some value of a type, with nothing that it does not need. */
function literal(type: GraphQLInputType): string {
  const expected = getNullableType(type);
  if (isListType(expected)) return '[]';
  if (isInputObjectType(expected)) {
    const needed = Object.values(expected.getFields()).filter((field) => isNonNullType(field.type));
    const first = expected.isOneOf ? [Object.values(expected.getFields())[0]!] : needed;
    return `{ ${first.map(({ name, type: inner }) => `${name}: ${literal(inner)}`).join(', ')} }`;
  }
  if (isEnumType(expected)) return expected.getValues()[0]!.name;
  if (expected.name === 'ID') return `"${globalId('Model', '00000000-0000-4000-8000-000000000000')}"`;
  return ({ Int: '1', Int64: '1', Float: '1', Boolean: 'true' } as Record<string, string>)[expected.name] ?? '"text"';
}

/** A mutation that fits the schema. */
function callOf({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const given = args.filter((arg) => isNonNullType(arg.type)).map((arg) => `${arg.name}: ${literal(arg.type)}`);
  const selection = isLeafType(getNamedType(type)) ? '' : '{ __typename }';
  return `mutation { ${name}${given.length === 0 ? '' : `(${given.join(', ')})`} ${selection} }`;
}

export function roleSuite(place: () => AccessPlace): void {
  const key: Partial<Record<Role, string>> = {};
  beforeAll(async () => {
    for (const role of ['viewer', 'editor', 'admin'] as const) key[role] = (await place().keyOf(role)).key;
  });

  describe('a mutation', () => {
    it('needs the role of the table, and says so', () => {
      expect([...table.editor, ...table.admin].sort()).toEqual(mutations.map(({ name }) => name).sort());
      for (const field of mutations) {
        const roles = [...field.description!.matchAll(/Needs the role (\w+)\./g)].map(([, role]) => role);
        expect([field.name, roles]).toEqual([field.name, [neededBy(field)]]);
      }
    });

    it('is refused to a stolen key of a viewer, whatever it is, and to an editor where only admins may', async () => {
      for (const field of mutations) {
        for (const role of neededBy(field) === 'admin' ? (['viewer', 'editor'] as const) : (['viewer'] as const)) {
          const { data, errors } = await place().ask(key[role], callOf(field));
          const extensions = { code: 'FORBIDDEN', field: 'authorization', remedy: expect.any(String) };
          const message = expect.stringContaining(`${field.name} needs the role ${neededBy(field)}`);
          expect([field.name, data ?? null, errors]).toMatchObject([field.name, null, [{ message, extensions }]]);
        }
      }
    });
  });

  describe('keys and the audit log', () => {
    const queries = async (): Promise<string[]> => {
      const id = globalId('ApiKey', (await place().keyOf('viewer')).apiKey.id);
      return [
        '{ apiKeys { nodes { id } } }',
        '{ apiKeys { totalCount } }',
        `{ apiKey(id: "${id}") { name } }`,
        `{ node(id: "${id}") { id } }`,
        `{ nodes(ids: ["${id}"]) { id } }`,
        '{ auditEntries { nodes { id } } }',
        '{ caller { apiKey { auditEntries { totalCount } } } }',
      ];
    };

    it('are read by admins alone, by whatever way', async () => {
      for (const query of await queries()) {
        for (const role of ['viewer', 'editor'] as const) {
          const { errors = [] } = await place().ask(key[role], query);
          expect([query, errors.map(({ extensions }) => extensions?.['code'])]).toEqual([query, ['FORBIDDEN']]);
        }
        expect([query, (await place().ask(key.admin, query)).errors]).toEqual([query, undefined]);
      }
    });

    it('are not needed to know who one is', async () => {
      const query = '{ caller { name role apiKey { name role lastUsedAt } } }';
      expect((await place().ask(key.viewer, query)).data).toEqual({
        caller: {
          ...{ name: "viewer's", role: 'VIEWER' },
          apiKey: { name: "viewer's", role: 'VIEWER', lastUsedAt: expect.any(String) },
        },
      });
      expect((await place().ask(undefined, query)).data).toEqual({
        caller: { name: 'local', role: 'ADMIN', apiKey: null },
      });
    });
  });
}
