/**
 * What it costs a server that many follow: 500 subscribers to the events of a run that trains, and 500 to the changes
 * of all lists, over each transport. Each has to be told every event once and in order. Server and subscribers are
 * processes of their own; the same work without subscribers goes first, for comparison.
 *   npm run bench:live -- [--subscribers 500] [--updates 150] [--pairs 32] [--edits 100] [--only TEXT] [--out FILE]
 */
import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CreateCollectionDocument, RunEventsDocument } from '../../dist/src/client/index.js';
import { asker } from './live/ask.mjs';
import { prepare, startServer } from './live/server.mjs';
import { loadNow } from './machine.mjs';

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '500' },
    updates: { type: 'string', default: '150' },
    pairs: { type: 'string', default: '32' },
    edits: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    profile: { type: 'string' },
    out: { type: 'string' },
  },
});
const [subscribers, updates, pairs, edits] = ['subscribers', 'updates', 'pairs', 'edits'].map((name) =>
  Number(values[name]),
);

/** As a page shows lists: what changed, and the fields of a row. */
const changes = `subscription Changes($after: Int64) { changes(after: $after) { seq change { kind type nodeId node { id
  ... on Run { name state step loss } ... on Collection { name notes } ... on Job { kind jobState: state }
  ... on Checkpoint { step alias } } } } }`;

const transports = {
  'WebSockets, 20 operations each': { perConnection: 20 },
  'WebSockets, one operation each': { perConnection: 1 },
  'event streams': {},
};

const server = await startServer(values.profile ? ['--cpu-prof', '--cpu-prof-dir', values.profile] : []);
const clients = fork(join(import.meta.dirname, 'live/clients.mjs'));
const ask = asker(clients);
const rows = [];

/** Runs `work` while so many follow; `open` says what they follow, `end` how it is known that all were told. */
async function measure(what, transport, { open, work, end }) {
  const name = transport ? `${what}: ${subscribers} on ${transport}` : `${what}: no subscribers`;
  if (!name.includes(values.only)) return;
  const before = await server.probe('memory');
  await server.probe('loop');
  const row = { name, load: loadNow()[0] };
  if (transport) {
    const body = await open();
    const url = `${server.url}/graphql`;
    await ask('open', { ...transports[transport], ...body, url, count: subscribers });
    await ask('begun');
    row.opening = await server.probe('loop');
    const opened = await server.probe('memory');
    row.bytesEach = (opened.held - before.held) / subscribers;
    row.rssEach = (opened.rss - before.rss) / subscribers;
  }
  await server.probe('loop');
  const done = await work();
  if (transport) Object.assign(row, await ask(...end(done)));
  row.following = await server.probe('loop');
  if (transport) {
    const after = await server.probe('memory');
    row.bytesEachAfter = (after.held - before.held) / subscribers;
    await ask('close');
    if (row.faults.length > 0) throw new Error(`${name}: ${row.faults.length} failed: ${row.faults[0]}`);
    if (row.events !== done.events * subscribers) {
      throw new Error(`${name}: ${row.events} events came, not ${done.events * subscribers}`);
    }
  }
  await sleep(1_000);
  rows.push(row);
  print(row);
}

const ms = (value) => value.toFixed(1).padStart(6);

function print({ name, opening, following, events, bytes, bytesEach, bytesEachAfter, rssEach, load }) {
  console.log(`${name} (load ${load})`);
  for (const [phase, loop] of Object.entries({ opening, following })) {
    if (!loop) continue;
    const { timers, moments, momentsAtWork, cpuMs, seconds } = loop;
    console.log(
      `  ${phase}: loop delay p50 ${ms(timers.p50)} p99 ${ms(timers.p99)} max ${ms(timers.max)} ms;` +
        ` a moment waits p50 ${ms(moments.p50)} p99 ${ms(moments.p99)} ms, for work p99 ${ms(momentsAtWork.p99)}` +
        ` max ${ms(momentsAtWork.max)}; ${(cpuMs / 1000).toFixed(1)} s of processor in ${seconds.toFixed(1)} s`,
    );
  }
  if (events === undefined) return;
  console.log(
    `  each told ${events / subscribers} events once and in order, ${(bytes / events).toFixed(0)} bytes an event,` +
      ` ${((following.cpuMs * 1000) / events).toFixed(0)} us of processor an event; ${(bytesEach / 1024).toFixed(1)}` +
      ` KiB a subscriber (afterwards ${(bytesEachAfter / 1024).toFixed(1)}, resident ${(rssEach / 1024).toFixed(1)})`,
  );
}

const ended = `query Ended($id: ID!) { run(id: $id) { state } }`;
const editing = `mutation Edit($input: UpdateCollectionInput!) { updateCollection(input: $input) { collection { id } } }`;
const asked = (kind, name, text) => ({ kind, name, text });

try {
  const { checkpoint, startRun } = await prepare(server.client);
  const execute = (operation, variables) => server.client.execute(operation, variables);
  const runEvents = (runId) => ({
    after: 0,
    body: { query: String(RunEventsDocument), variables: { runId, after: 0 } },
  });
  let run;
  async function waitForEnd() {
    for (; ; await sleep(100)) {
      const { state } = (await execute(asked('query', 'Ended', ended), { id: run })).run;
      if (state === 'SUCCEEDED') break;
      if (state === 'FAILED') throw new Error('the run failed');
    }
    let events = 0;
    for await (const _ of server.client.subscribe(RunEventsDocument, { runId: run, after: 0 })) events++;
    return { events };
  }
  const begin = async () => {
    run = await startRun({ updates, pairs });
    return runEvents(run);
  };
  // What the first subscribers of a kind leave for all that follow is none of theirs.
  for (const kind of Object.values(transports)) {
    run = await startRun({ updates: 5, pairs });
    await ask('open', { ...kind, ...runEvents(run), url: `${server.url}/graphql`, count: 40 });
    await ask('completed');
    await ask('close');
  }
  const training = { open: begin, work: waitForEnd, end: () => ['completed'] };
  await measure('a run', undefined, {
    async work() {
      await begin();
      return waitForEnd();
    },
  });
  for (const transport of Object.keys(transports)) await measure('a run', transport, training);

  const input = { name: 'edited', checkpoint: { id: checkpoint } };
  const { collection } = (await execute(CreateCollectionDocument, { input })).createCollection;
  const seqNow = async () => (await execute(asked('query', 'Now', 'query Now { changeSeq }'), {})).changeSeq;
  let first;
  async function edit() {
    for (let i = 0; i < edits; i++) {
      await execute(asked('mutation', 'Edit', editing), { input: { id: collection.id, notes: `${i}` } });
      await sleep(50);
    }
    const seq = await seqNow();
    return { seq, events: seq - first };
  }
  const open = async () => {
    first = await seqNow();
    return { body: { query: changes } };
  };
  await measure('changes', undefined, { work: edit });
  for (const transport of Object.keys(transports)) {
    await measure('changes', transport, { open, work: edit, end: ({ seq }) => ['reached', { seq }] });
  }
} finally {
  clients.disconnect();
  await server.stop();
}
if (values.out) await writeFile(values.out, `${JSON.stringify({ date: new Date().toISOString(), rows }, null, 1)}\n`);
