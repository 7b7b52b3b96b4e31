/**
 * Ids from names on the command line: an id is returned as it is, a name is looked up. A name that several things have
 * is refused with the id of each, so that a command never works on another thing than was meant. Versions of a data set
 * share its name: that means the newest, and `name@3` means version 3.
 */
import {
  ApiKeysDocument,
  ArchitectureSearchesDocument,
  type CheckpointFilter,
  CheckpointsDocument,
  CollectionsDocument,
  type DatasetFilter,
  DatasetsDocument,
  type ModelSummaryFragment,
  ModelsDocument,
  RunsDocument,
  SuitesDocument,
  type TandemClient,
} from '../client/index.ts';
import { conflict, notFound } from '../errors.ts';

/** Things of one name that an error lists. */
const mostListed = 5;

interface Named {
  readonly id: string;
  /** What tells it from others of its name, for people. */
  readonly about: string;
}

/** Things of one name: all that there are, and the first of them. */
interface Found {
  readonly totalCount: number;
  readonly nodes: readonly Named[];
}

interface Noun {
  /** The types whose ids are taken. */
  readonly types: readonly string[];
  readonly singular: string;
  readonly plural: string;
  /** What a thing may be named by. */
  readonly names: string;
  find(client: TandemClient, name: string): Promise<Found>;
}

type Lookup = (client: TandemClient, text: string) => Promise<string>;

/** Relay ids are base64 of `Type:key`. */
export const isIdOf = (type: string, text: string): boolean =>
  Buffer.from(text, 'base64').toString('utf8').startsWith(`${type}:`);

/** The id of what has the id or the name; undefined if nothing has. Throws CONFLICT where several have the name. */
async function findId(client: TandemClient, noun: Noun, text: string): Promise<string | undefined> {
  if (noun.types.some((type) => isIdOf(type, text))) return text;
  if (text.trim() === '') return undefined;
  const { totalCount, nodes } = await noun.find(client, text);
  if (totalCount <= 1) return nodes[0]?.id;
  const left = totalCount - nodes.length;
  throw conflict(`${totalCount} ${noun.plural} have the name "${text}"`, {
    field: text,
    problems: [
      ...nodes.map(({ id, about }) => ({ message: `${id}  ${about}` })),
      ...(left > 0 ? [{ message: `and ${left} more` }] : []),
    ],
    expected: `a name that one ${noun.singular} has, or an id`,
    remedy: 'give the id of the one that is meant in place of the name',
  });
}

const lookup =
  (noun: Noun): Lookup =>
  async (client, text) => {
    const id = await findId(client, noun, text);
    if (id !== undefined) return id;
    const expected = `the id or ${noun.names} of a ${noun.singular}`;
    throw notFound(`there is no ${noun.singular} "${text}"`, { field: text, expected });
  };

const first = mostListed;

interface Page<Node> {
  readonly totalCount: number;
  readonly nodes: readonly Node[];
}

const told = <Node extends { readonly id: string }>(page: Page<Node>, about: (node: Node) => string): Found => ({
  totalCount: page.totalCount,
  nodes: page.nodes.map((node) => ({ id: node.id, about: about(node) })),
});

const datasets: Noun = {
  ...{ types: ['Dataset'], singular: 'data set', plural: 'data sets', names: 'name, or name@version,' },
  async find(client, text) {
    const newest = await newestOf(client, { name: text });
    const [, name, digits] = /^(.+)@(\d{1,9})$/.exec(text) ?? [];
    if (newest.totalCount > 0 || name === undefined) return newest;
    const version = Number(digits);
    const found = await newestOf(client, { name, version: { eq: version } });
    const [other] = found.totalCount > 0 ? [] : (await newestOf(client, { name })).nodes;
    if (other === undefined) return found;
    throw notFound(`the data set "${name}" has no version ${version}`, {
      field: text,
      expected: `a version that there is; the newest is ${other.about}`,
      remedy: '`tandem datasets` lists them',
    });
  },
};

/** The newest version alone: no other is meant by a name. */
async function newestOf(client: TandemClient, filter: DatasetFilter): Promise<Found> {
  const orderBy = [{ field: 'VERSION', direction: 'DESC' } as const];
  const { nodes } = (await client.execute(DatasetsDocument, { filter, orderBy, first: 1 })).datasets;
  return told({ totalCount: nodes.length, nodes }, ({ version }) => `version ${version}`);
}

const models: Noun = {
  ...{ types: ['Model'], singular: 'model', plural: 'models', names: 'name' },
  find: async (client, name) => told(await modelsOf(client, name), aboutModel),
};

const modelsOf = async (client: TandemClient, name: string) =>
  (await client.execute(ModelsDocument, { filter: { name }, first })).models;

const aboutModel = ({ parameters, createdAt }: ModelSummaryFragment): string =>
  `model of ${parameters} parameters, made ${createdAt}`;

const runs: Noun = {
  ...{ types: ['Run'], singular: 'run', plural: 'runs', names: 'name' },
  async find(client, name) {
    const found = (await client.execute(RunsDocument, { filter: { name }, first })).runs;
    return told(found, ({ state, step, createdAt }) => `${state} at step ${step}, asked for ${createdAt}`);
  },
};

const collections: Noun = {
  ...{ types: ['Collection'], singular: 'collection', plural: 'collections', names: 'name' },
  async find(client, name) {
    const found = (await client.execute(CollectionsDocument, { filter: { name }, first })).collections;
    return told(found, ({ documents }) => `${documents.totalCount} documents`);
  },
};

const suites: Noun = {
  ...{ types: ['Suite'], singular: 'suite', plural: 'suites', names: 'name' },
  async find(client, name) {
    const found = (await client.execute(SuitesDocument, { filter: { name }, first })).suites;
    return told(found, ({ entries }) => `${entries.length} splits`);
  },
};

const architectureSearches: Noun = {
  ...{ types: ['ArchitectureSearch'], singular: 'search over architectures', names: 'name' },
  plural: 'searches over architectures',
  async find(client, name) {
    const found = await client.execute(ArchitectureSearchesDocument, { filter: { name }, first });
    return told(found.architectureSearches, ({ state, createdAt }) => `${state}, asked for ${createdAt}`);
  },
};

const apiKeys: Noun = {
  ...{ types: ['ApiKey'], singular: 'API key', plural: 'API keys', names: 'name' },
  async find(client, name) {
    const found = (await client.execute(ApiKeysDocument, { filter: { name }, first })).apiKeys;
    return told(found, ({ lookup: begins, role, createdAt }) => `tdm_${begins}_..., ${role}, made ${createdAt}`);
  },
};

/** An alias belongs to one checkpoint and goes before names. A model stands for its untrained weights. */
const checkpoints: Noun = {
  ...{ types: ['Checkpoint', 'Model'], singular: 'checkpoint', plural: 'checkpoints and models' },
  names: 'alias or name',
  async find(client, text) {
    const ofAlias = await checkpointsOf(client, { alias: text });
    if (ofAlias.totalCount > 0) return ofAlias;
    const [named, ofModels] = await Promise.all([checkpointsOf(client, { name: text }), modelsOf(client, text)]);
    const untrained = ofModels.nodes.map((node) => ({ id: node.checkpoint.id, about: aboutModel(node) }));
    const nodes = [...named.nodes, ...untrained].slice(0, mostListed);
    return { totalCount: named.totalCount + ofModels.totalCount, nodes };
  },
};

async function checkpointsOf(client: TandemClient, filter: CheckpointFilter): Promise<Found> {
  const found = (await client.execute(CheckpointsDocument, { filter, first })).checkpoints;
  return told(
    found,
    ({ model, step, reason, createdAt }) => `checkpoint of ${model.name}, step ${step}, ${reason}, made ${createdAt}`,
  );
}

export const datasetId = lookup(datasets);
export const modelId = lookup(models);
export const runId = lookup(runs);
export const collectionId = lookup(collections);
export const suiteId = lookup(suites);
export const architectureSearchId = lookup(architectureSearches);
export const apiKeyId = lookup(apiKeys);
export const checkpointId = lookup(checkpoints);

/** Undefined where nothing has the name. */
export const findRun = (client: TandemClient, text: string) => findId(client, runs, text);
export const findCollection = (client: TandemClient, text: string) => findId(client, collections, text);
