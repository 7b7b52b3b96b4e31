/** All that the API tells of what is kept, and the mutations that change it, answered by the same fields. */
import { type TandemClient, TypedDocumentString } from '../../src/client/index.ts';

/** What never changes of a row by itself, as the API tells it; `id` among it. */
export interface Row {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** The fields of each noun; of a run also those that change while it works. */
export const fieldsOf = {
  datasets: 'id name version task digest bytes source createdAt splits { split records documents }',
  models: 'id name digest bytes dimension seed createdAt checkpoint { id }',
  checkpoints: 'id digest alias bytes reason step epoch createdAt model { id } run { id }',
  evaluations: 'id count split createdAt main { name value } dataset { id } checkpoint { id }',
  collections: 'id name dimension createdAt checkpoint { id }',
  runs: 'id name state step loss createdAt model { id } settings { seed maxBatches }',
} as const;

export type Noun = keyof typeof fieldsOf;
const nouns = Object.keys(fieldsOf) as Noun[];

/** A noun of a row, or a document of a collection. */
export type KeptNoun = Noun | 'documents';

type Answer = Readonly<Record<string, unknown>>;

/** Runs a mutation with an input; resolves with what it answers of `selection`. */
export async function mutate<T>(client: TandemClient, name: string, input: object, selection: string): Promise<T> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`;
  const text = `mutation ($input: ${type}) { ${name}(input: $input) { ${selection} } }`;
  const answer = await client.execute(new TypedDocumentString<Answer, { input: object }>(text), { input });
  return answer[name] as T;
}

/** Runs a mutation that takes an id alone. */
export async function mutateById<T>(client: TandemClient, name: string, id: string, selection: string): Promise<T> {
  const text = `mutation ($id: ID!) { ${name}(id: $id) { ${selection} } }`;
  const answer = await client.execute(new TypedDocumentString<Answer, { id: string }>(text), { id });
  return answer[name] as T;
}

/** The node of an id as far as `selection` reads it; null = there is none. */
export async function nodeOf(client: TandemClient, id: string, selection: string): Promise<Row | null> {
  const text = `query ($id: ID!) { node(id: $id) { id ${selection} } }`;
  const document = new TypedDocumentString<{ readonly node: Row | null }, { id: string }>(text);
  return (await client.execute(document, { id })).node;
}

interface Page {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Every node of a connection, page by page; `open` gives the connection in a query's data. */
async function allOf(
  client: TandemClient,
  query: (connection: string) => string,
  open: (data: Answer) => unknown,
  fields: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | null = null; ; ) {
    const connection = `(first: 1000, after: $after) { nodes { ${fields} } pageInfo { hasNextPage endCursor } }`;
    const document = new TypedDocumentString<Answer, { after: string | null }>(query(connection));
    const page = open(await client.execute(document, { after })) as Page;
    rows.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return rows;
    after = page.pageInfo.endCursor;
  }
}

export const rowsOf = (client: TandemClient, noun: Noun | 'jobs', fields: string): Promise<Row[]> =>
  allOf(
    client,
    (connection) => `query ($after: String) { ${noun} ${connection} }`,
    (data) => data[noun],
    fields,
  );

/** The documents of a collection, with their vectors. */
const documentsIn = (client: TandemClient, id: string): Promise<Row[]> =>
  allOf(
    client,
    (connection) => `query ($after: String) { collection(id: "${id}") { documents ${connection} } }`,
    (data) => (data['collection'] as Answer)['documents'],
    'id key text embedding { base64 }',
  );

/** By what a document is known before it has an id. */
export const documentId = (collection: string, key: string): string => `${collection} ${key}`;

/** All rows there are, by noun. */
export async function everything(client: TandemClient): Promise<Record<KeptNoun, Row[]>> {
  const found = {} as Record<KeptNoun, Row[]>;
  for (const noun of nouns) found[noun] = await rowsOf(client, noun, fieldsOf[noun]);
  found.documents = [];
  for (const { id } of found.collections) {
    const documents = await documentsIn(client, id);
    found.documents.push(...documents.map((row) => ({ ...row, id: documentId(id, String(row['key'])) })));
  }
  return found;
}
