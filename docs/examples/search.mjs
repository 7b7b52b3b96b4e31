// Embeds documents into a collection and searches it.
// Start the service and train a model (train.mjs), then run: node docs/examples/search.mjs CHECKPOINT [QUERY]
import { AddDocumentsDocument, CreateCollectionDocument, createClient, SearchDocument } from 'tandem/client';

const client = createClient({ url: process.env.TANDEM_URL ?? 'http://127.0.0.1:4000' });
const [checkpoint, query = 'the pump leaks oil'] = process.argv.slice(2);
if (checkpoint === undefined) throw new Error('Name a checkpoint by its id: train.mjs prints one on its last line.');

// All vectors of a collection come from one checkpoint, so that they can be compared.
const { createCollection } = await client.execute(CreateCollectionDocument, {
  input: { name: `example ${new Date().toISOString()}`, checkpoint: { id: checkpoint } },
});
const collection = createCollection.collection.id;

// A key is yours. Adding a document again under its key replaces it.
const documents = [
  { key: 'pump-1', text: 'The pump leaks oil: replace its seal.', metadata: { hall: 'A' } },
  { key: 'fan-1', text: 'The fan makes noise: replace its seal.', metadata: { hall: 'A' } },
  { key: 'belt-1', text: 'The belt runs hot: call the fitter.', metadata: { hall: 'B' } },
  { key: 'gear-1', text: 'The gear is stuck: call the fitter.', metadata: { hall: 'B' } },
];
const { addDocuments } = await client.execute(AddDocumentsDocument, { input: { collection, documents } });
console.log(`${addDocuments.added} added, ${addDocuments.report.tokens} tokens embedded`);

const { search } = await client.execute(SearchDocument, { collection, query, k: 3 });
console.log(`${search.searched} searched for: ${query}`);
for (const { rank, score, document } of search.hits) {
  console.log(`${rank}. ${score.toFixed(4)} ${document.key}: ${document.text}`);
}
