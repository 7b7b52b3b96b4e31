/**
 * The subscribers of the bench, in a process of their own, as live.mjs asks by IPC: each follows one subscription, and
 * every event has to have the number behind the one before.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** One reader: what it was told last, and what was wrong. */
class Reader {
  last;
  events = 0;
  bytes = 0;
  isComplete = false;
  fault;

  constructor(after) {
    this.last = after;
  }

  take(text) {
    const { data, errors } = JSON.parse(text).payload ?? JSON.parse(text);
    this.bytes += text.length;
    if (errors) return this.fail(JSON.stringify(errors).slice(0, 300));
    const { seq, __typename, change } = data.runEvents ?? data.changes;
    // Sent in silence, with the last number again.
    const isPosition = __typename === 'RunHeartbeat' || change === null;
    if (isPosition && (this.last === undefined || this.last === seq)) this.last = seq;
    else if (seq !== this.last + 1) this.fail(`${seq} came behind ${this.last}`);
    else this.events++;
    this.last = seq;
  }

  complete() {
    this.isComplete = true;
  }

  fail(what) {
    this.fault ??= what;
  }
}

let readers = [];
let closers = [];

/** `count` subscriptions to the same, so many on each WebSocket. */
async function openSockets({ url, body, count, perConnection, after }) {
  const connections = Array.from({ length: count / perConnection }, async () => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    const mine = Array.from({ length: perConnection }, () => new Reader(after));
    readers.push(...mine);
    closers.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.on('message', (data) => {
      const text = String(data);
      const { id, type, payload } = JSON.parse(text);
      if (type === 'next') mine[id].take(text);
      else if (type === 'complete') mine[id].complete();
      else if (type === 'error') mine[id].fail(JSON.stringify(payload).slice(0, 300));
    });
    socket.on('close', (code) => {
      for (const reader of mine) if (!reader.isComplete) reader.fail(`closed with ${code}`);
    });
    for (const id of mine.keys()) socket.send(JSON.stringify({ id: `${id}`, type: 'subscribe', payload: body }));
  });
  await Promise.all(connections);
}

/** `count` event streams, each on a connection of its own. */
async function openStreams({ url, body, count, after }) {
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    'x-graphql-yoga-csrf': 'bench',
  };
  const connections = Array.from({ length: count }, async () => {
    const reader = new Reader(after);
    readers.push(reader);
    const asked = request(url, { method: 'POST', agent, headers }).end(text);
    closers.push(() => asked.destroy());
    asked.on('error', () => {});
    const [response] = await once(asked, 'response');
    if (response.statusCode !== 200) return reader.fail(`the server answered ${response.statusCode}`);
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data) reader.take(data);
        else if (event.includes('event: complete')) reader.complete();
      }
    });
    response.on('close', () => reader.isComplete || reader.fail('the stream broke'));
  });
  await Promise.all(connections);
}

const told = () => ({
  readers: readers.length,
  faults: readers.flatMap(({ fault }) => fault ?? []),
  events: readers.reduce((sum, { events }) => sum + events, 0),
  bytes: readers.reduce((sum, { bytes }) => sum + bytes, 0),
});

/** Resolves when every reader stands there, is complete or has failed. */
async function until(isThere, seconds) {
  for (const began = performance.now(); performance.now() - began < seconds * 1000; await sleep(20))
    if (readers.every((reader) => reader.fault || isThere(reader))) return told();
  const late = readers.filter((reader) => !reader.fault && !isThere(reader));
  throw new Error(`${late.length} readers are late: the first stands at ${late[0].last}`);
}

const calls = {
  open: (options) => (options.perConnection ? openSockets : openStreams)(options),
  begun: () => until(({ last, isComplete }) => last > 0 || isComplete, 120),
  reached: ({ seq }) => until(({ last }) => last >= seq, 300),
  completed: () => until(({ isComplete }) => isComplete, 300),
  close() {
    for (const close of closers) close();
    [readers, closers] = [[], []];
  },
};

process.on('message', async ({ call, id, options }) => {
  try {
    process.send({ id, answer: await calls[call](options) });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});
process.once('disconnect', () => process.exit());
