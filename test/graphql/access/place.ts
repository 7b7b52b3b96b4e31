/** The engine on a database, asked with API keys: as http/ feeds it, without the server. */
import { randomUUID } from 'node:crypto';
import type { FormattedExecutionResult } from 'graphql';
import { createClient, type TandemClient } from '../../../src/client/index.ts';
import { loadConfig } from '../../../src/config.ts';
import type { Role } from '../../../src/db/schema.ts';
import { createGraphQLServer } from '../../../src/graphql/server.ts';
import { createLogger } from '../../../src/log.ts';
import { localCaller, openAccess } from '../../../src/services/access/access.ts';
import * as keys from '../../../src/services/access/keys.ts';
import type { Access } from '../../../src/services/access/types.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';

type Data = Record<string, Record<string, unknown>>;

export interface AccessPlace {
  readonly database: TestDatabase;
  readonly access: Access;
  readonly tandem: Tandem;
  /** A new key. */
  keyOf(role: Role, request?: object): Promise<keys.MadeKey>;
  /** What is answered to the owner of a key; without one to a local admin. */
  ask(key: string | undefined, query: string, variables?: object): Promise<FormattedExecutionResult<Data>>;
  /** The client, as a local admin. */
  client(): TandemClient;
  close(): Promise<void>;
}

export async function openAccessPlace(): Promise<AccessPlace> {
  const database = await openTestDatabase();
  const log = createLogger('test', 'silent');
  const config = loadConfig({});
  const access = openAccess({ database, config, log });
  const parts = { config, database, access, jobs: { place: randomUUID() } };
  const tandem = parts as unknown as Tandem;
  const engine = createGraphQLServer(tandem, log);
  return {
    ...{ database, access, tandem },
    keyOf: (role, request = {}) => keys.create(tandem, { name: `${role}'s`, role, ...request }),
    async ask(key, query, variables = {}) {
      const caller = await access.callerOf(key === undefined ? undefined : `Bearer ${key}`);
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify({ query, variables }) };
      const answer = await engine.fetch('http://127.0.0.1/graphql', init, { caller, connection: 'http' });
      return (await answer.json()) as FormattedExecutionResult<Data>;
    },
    client() {
      const fetch: typeof globalThis.fetch = async (url, init = {}) =>
        engine.fetch(String(url), init, { caller: localCaller, connection: 'http' });
      return createClient({ url: 'http://127.0.0.1', fetch });
    },
    async close() {
      await access.stop();
      await database.close();
    },
  };
}
