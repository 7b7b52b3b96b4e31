/** Collections: `tandem add` and `tandem search`. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  AddDocumentsDocument,
  CollectionsDocument,
  CreateCollectionDocument,
  type DocumentInput,
  SearchDocument,
  type TandemClient,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { connect } from '../connect.ts';
import { checkpointId, collectionId } from '../lookup.ts';
import { formatScore, formatTable, shorten } from '../output.ts';
import { print } from '../print.ts';
import { startProgress } from '../progress.ts';
import { wholeNumber } from '../values.ts';

export function addSearchCommands(program: Command): void {
  program
    .command('add')
    .description('embed the lines of a text file as documents of a collection')
    .argument('<file>', 'UTF-8 text, one document a line; the key is the line number')
    .requiredOption(
      '--collection <name>',
      'name of the collection; created if there is none (then --checkpoint is needed)',
    )
    .option('--checkpoint <checkpoint>', 'id or alias of the checkpoint that embeds a new collection')
    .action(addDocuments);
  program
    .command('search')
    .description('search a collection')
    .argument('<query>', 'what to look for')
    .requiredOption('--collection <collection>', 'id or name')
    .option('--k <n>', 'number of hits', wholeNumber, 10)
    .option('--instruction <text>', "task instruction for the model's query template", '')
    .action(search);
}

/** Documents sent in one request. */
const chunk = 500;

interface AddOptions {
  readonly collection: string;
  readonly checkpoint?: string;
}

async function addDocuments(file: string, options: AddOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw badInput(`${file} cannot be read: ${cause.message}`, { field: 'file', expected: 'a UTF-8 text file' });
  });
  const collection = await findOrCreate(client, options);
  const documents = text
    .split(/\r?\n/)
    .map((line, index) => ({ key: String(index + 1), text: line }))
    .filter((document) => document.text.trim() !== '');
  const { added, replaced } = await sendAll(client, collection, documents);
  print(command, { collection, added, replaced }, `${added} added, ${replaced} replaced in ${options.collection}`);
}

async function sendAll(client: TandemClient, collection: string, documents: readonly DocumentInput[]) {
  const progress = startProgress('embedding', documents.length);
  const sent = { added: 0, replaced: 0 };
  try {
    for (let start = 0; start < documents.length; start += chunk) {
      const input = { collection, documents: documents.slice(start, start + chunk) };
      const { addDocuments: done } = await client.execute(AddDocumentsDocument, { input });
      sent.added += done.added;
      sent.replaced += done.replaced;
      progress.update(Math.min(start + chunk, documents.length), '');
    }
    return sent;
  } finally {
    progress.stop();
  }
}

async function findOrCreate(client: TandemClient, { collection, checkpoint }: AddOptions): Promise<string> {
  const { collections } = await client.execute(CollectionsDocument, { filter: { name: collection }, first: 1 });
  if (collections.nodes.length > 0) return collections.nodes[0].id;
  if (checkpoint === undefined) {
    throw badInput(`there is no collection "${collection}"`, {
      field: '--checkpoint',
      remedy: 'name the checkpoint that embeds it with --checkpoint',
    });
  }
  const { createCollection } = await client.execute(CreateCollectionDocument, {
    input: { name: collection, checkpoint: { id: await checkpointId(client, checkpoint) } },
  });
  return createCollection.collection.id;
}

interface SearchOptions {
  readonly collection: string;
  readonly k: number;
  readonly instruction: string;
}

async function search(query: string, { collection, k, instruction }: SearchOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const { search: result } = await client.execute(SearchDocument, {
    collection: await collectionId(client, collection),
    query,
    k,
    instruction,
  });
  const rows = result.hits.map(({ rank, score, document }) => [
    rank,
    formatScore(score),
    document.key,
    shorten(document.text, 90),
  ]);
  print(command, result, formatTable(['rank', 'score', 'key', 'text'], rows));
}
