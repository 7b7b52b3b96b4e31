/** Collections: `tandem add` and `tandem search`. */
import type { Command } from 'commander';
import {
  AddDocumentsDocument,
  type AddDocumentsInput,
  BeginAddDocumentsDocument,
  CreateCollectionDocument,
  type DocumentInput,
  type JobProgressFragment,
  SearchDocument,
  type TandemClient,
} from '../../client/index.ts';
import { badInput } from '../../errors.ts';
import { defaultLimits } from '../../limits.ts';
import { connect } from '../connect.ts';
import { readDocuments } from '../lines-file.ts';
import { checkpointId, collectionId, findCollection } from '../lookup.ts';
import { beginJobs, noWaitOption, printJobs, type Waiting } from '../no-wait.ts';
import { formatScore, formatTable, shorten } from '../output.ts';
import { print } from '../print.ts';
import { startProgress } from '../progress.ts';
import { wholeNumber } from '../values.ts';

export function addSearchCommands(program: Command): void {
  program
    .command('add')
    .description('embed the lines of a text file as documents of a collection')
    .argument('<file>', 'UTF-8 text, one document a line; its key is the path as given, a colon and the line number')
    .requiredOption(
      '--collection <collection>',
      'id or name; created by this name if there is none (then --checkpoint is needed)',
    )
    .option('--checkpoint <checkpoint>', 'id, alias or name of the checkpoint that embeds the collection')
    .option('--keyed', 'each line is a key, a tab and the text')
    .option('--replace', 'replace documents whose keys the collection has; else they are refused')
    .addOption(noWaitOption())
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

/** Documents and UTF-16 units of one request, within the limits of the service: all of them are added, or none. */
const mostDocuments = defaultLimits.listItems;
const mostUnits = 8 * 2 ** 20;

interface AddOptions extends Waiting {
  readonly collection: string;
  readonly checkpoint?: string;
  readonly keyed?: boolean;
  readonly replace?: boolean;
}

async function addDocuments(file: string, options: AddOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const documents = await readDocuments({ file, keyed: options.keyed ?? false });
  const checkpoint = options.checkpoint === undefined ? undefined : await checkpointId(client, options.checkpoint);
  const collection = await findOrCreate(client, options.collection, checkpoint);
  const { replace = false } = options;
  const common = { collection, replace, ...(checkpoint !== undefined && { checkpoint: { id: checkpoint } }) };
  if (!options.wait) return printJobs(command, await beginAll(client, common, documents));
  const { added, replaced } = await sendAll(client, common, documents);
  print(command, { collection, added, replaced }, `${added} added, ${replaced} replaced in ${options.collection}`);
}

/** The jobs, one for each part of the documents. */
async function beginAll(
  client: TandemClient,
  common: Omit<AddDocumentsInput, 'documents'>,
  documents: readonly DocumentInput[],
) {
  const jobs: JobProgressFragment[] = [];
  for (const part of partsOf(documents)) {
    const input = { ...common, documents: part };
    jobs.push(...(await beginJobs(client, BeginAddDocumentsDocument, { input })));
  }
  return jobs;
}

async function sendAll(
  client: TandemClient,
  common: Omit<AddDocumentsInput, 'documents'>,
  documents: readonly DocumentInput[],
) {
  const progress = startProgress('embedding', documents.length);
  const sent = { added: 0, replaced: 0 };
  try {
    for (const part of partsOf(documents)) {
      const { addDocuments: done } = await client.execute(AddDocumentsDocument, {
        input: { ...common, documents: part },
      });
      sent.added += done.added;
      sent.replaced += done.replaced;
      progress.update(sent.added + sent.replaced, '');
    }
    return sent;
  } catch (error) {
    const there = sent.added + sent.replaced;
    if (there > 0) process.stderr.write(`note: the first ${there} documents are in the collection\n`);
    throw error;
  } finally {
    progress.stop();
  }
}

/** In requests as large as they may be. */
function partsOf(documents: readonly DocumentInput[]): DocumentInput[][] {
  const parts: DocumentInput[][] = [];
  let units = 0;
  for (const document of documents) {
    units += document.key.length + document.text.length;
    const last = parts.at(-1);
    if (last && last.length < mostDocuments && units <= mostUnits) last.push(document);
    else {
      parts.push([document]);
      units = document.key.length + document.text.length;
    }
  }
  return parts;
}

async function findOrCreate(client: TandemClient, collection: string, checkpoint: string | undefined): Promise<string> {
  const found = await findCollection(client, collection);
  if (found !== undefined) return found;
  if (checkpoint === undefined) {
    throw badInput(`there is no collection "${collection}"`, {
      field: '--checkpoint',
      remedy: 'name the checkpoint that embeds it with --checkpoint',
    });
  }
  const { createCollection } = await client.execute(CreateCollectionDocument, {
    input: { name: collection, checkpoint: { id: checkpoint } },
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
