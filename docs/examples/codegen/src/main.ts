// Prints the newest runs and the collections of a server, and with --watch every change of a list until Ctrl+C.
import { ApiError, createClient } from 'tandem-client';
import { graphql } from './generated/gql.js';

const overview = graphql(`
  query Overview($first: Int!) {
    runs(first: $first, orderBy: [{ field: CREATED_AT, direction: DESC }]) { totalCount nodes { ...RunLine } }
    collections(first: $first, orderBy: [{ field: NAME }]) { nodes { id name createdAt } }
  }
  fragment RunLine on Run { id name state step steps loss createdAt }
`);
const changes = graphql(`
  subscription Changes($after: Int64) {
    changes(types: [RUN, COLLECTION], after: $after) { seq change { kind type nodeId } }
  }
`);

const client = createClient({ url: process.env['TANDEM_URL'] ?? 'http://127.0.0.1:4000' });
try {
  const { runs, collections } = await client.execute(overview, { first: 20 });
  console.log(`${runs.totalCount} runs`);
  for (const { name, state, step, steps, loss } of runs.nodes) {
    console.log(`  ${name || '(no name)'} ${state} ${step}/${steps ?? '?'} loss ${loss?.toFixed(4) ?? '-'}`);
  }
  for (const { name, createdAt } of collections.nodes)
    console.log(`  ${name}, made ${new Date(createdAt).toISOString()}`);

  // The client goes on behind the last seq when the connection breaks: it sees the variable "after".
  if (process.argv.includes('--watch')) {
    for await (const { changes: event } of client.subscribe(changes, {})) {
      if (event.change) console.log(`${event.seq} ${event.change.kind} ${event.change.type} ${event.change.nodeId}`);
      else console.log(`${event.seq} watching`);
    }
  }
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.error(`${error.code}: ${error.message} ${error.extensions.remedy ?? ''}`);
  process.exitCode = 1;
}
