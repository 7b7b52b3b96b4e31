/** Empty collections: what the clients list, change and delete, each its own by a prefix of their names. */
import { CreateCollectionDocument, createClient } from 'tandem-client';

/** Letters of the names, in the order in which they are made: not that of the names. */
const letters = ['c', 'a', 'e', 'b', 'd'] as const;

export interface Made {
  readonly id: string;
  readonly name: string;
}

/** Five collections of a checkpoint by its alias, in the order in which they were made: PREFIX-c, -a, -e, -b and -d. */
export async function makeCollections(url: string, alias: string, prefix: string): Promise<readonly Made[]> {
  const client = createClient({ url });
  const made: Made[] = [];
  for (const letter of letters) {
    const input = { name: `${prefix}-${letter}`, checkpoint: { alias } };
    const { createCollection } = await client.execute(CreateCollectionDocument, { input });
    made.push({ id: createCollection.collection.id, name: createCollection.collection.name });
  }
  return made;
}

/** Names without their prefix, as they come. */
export const lettersOf = (items: readonly { readonly name: string }[]): string[] =>
  items.map(({ name }) => name.slice(-1));
