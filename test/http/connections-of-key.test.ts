/** No key has so many event streams or WebSockets that others could have none. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { apiKeys } from '../../src/db/schema.ts';
import { mostConnectionsOfKey } from '../../src/http/connection-refusals.ts';
import { makeKey } from '../../src/services/access/key.ts';
import { openPlace, type Place } from './place.ts';

let place: Place;
const keys: string[] = [];
beforeAll(async () => {
  place = await openPlace({ TANDEM_AUTH: 'required' });
  for (const name of ['greedy', 'other']) {
    const { key, lookup, digest } = makeKey();
    await place.database.db.insert(apiKeys).values({ name, role: 'viewer', lookup, digest });
    keys.push(`Bearer ${key}`);
  }
});
afterAll(() => place.close());

const many = <T>(make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: mostConnectionsOfKey }, make));

it('refuses an event stream more than a key may have with 429, and none of another key', async () => {
  const [greedy, other] = keys as [string, string];
  const reserve = (authorization: string) =>
    fetch(`${place.url}/graphql/stream`, { method: 'PUT', headers: { authorization } });
  const reserved = await many(() => reserve(greedy));
  expect(new Set(reserved.map(({ status }) => status))).toEqual(new Set([201]));
  const refused = await reserve(greedy);
  expect(refused.status).toBe(429);
  const message = '"greedy" has too many connections';
  const extensions = { code: 'LIMIT_EXCEEDED', field: 'connection', remedy: expect.any(String) };
  expect(await refused.json()).toMatchObject({ errors: [{ message, extensions }] });
  expect((await reserve(other)).status).toBe(201);
});

it('closes a WebSocket more than a key may have with 1013, until another of the key is gone', async () => {
  const [greedy, other] = keys as [string, string];
  async function connect(authorization: string): Promise<{ socket: WebSocket; told: string }> {
    const socket = new WebSocket(`${place.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    const told = await new Promise<string>((resolve) => {
      socket.once('message', (data) => resolve(JSON.parse(String(data)).type));
      socket.once('close', (code, reason) => resolve(`${code} ${reason}`));
    });
    return { socket, told };
  }
  const opened = await many(() => connect(greedy));
  expect(new Set(opened.map(({ told }) => told))).toEqual(new Set(['connection_ack']));
  expect((await connect(greedy)).told).toBe('1013 "greedy" has too many connections');
  const second = await connect(other);
  expect(second.told).toBe('connection_ack');
  const closed = new Promise((resolve) => opened[0]?.socket.once('close', resolve));
  opened[0]?.socket.close();
  await closed;
  expect((await connect(greedy)).told).toBe('connection_ack');
});
