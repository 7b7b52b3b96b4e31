/** One service over the unpacked data folder, for all suites of data-folder-0.2.0.test.ts. */
import { createRequire } from 'node:module';
import { createClient, type Operation, SystemDocument, type TandemClient } from '../../../src/client/index.ts';
import { loadConfig } from '../../../src/config.ts';
import { createLogger } from '../../../src/log.ts';
import { type RunningTandem, startTandem } from '../../../src/main.ts';
import { type Answer, expected, queries } from './fixture.ts';

export interface Old {
  readonly folder: string;
  readonly tandem: RunningTandem;
  readonly client: TandemClient;
  /** Adapter and Dawn are those of the fixture: what is computed has the same bits. */
  readonly sameBits: boolean;
  readonly sameVersion: boolean;
}

export async function openOld(folder: string, { claims }: { readonly claims: boolean }): Promise<Old> {
  const config = loadConfig({ ...process.env, TANDEM_DATA: folder, TANDEM_PORT: '0', DATABASE_URL: '' });
  const tandem = await startTandem(config, { claims, logger: createLogger('test', 'silent') });
  const client = createClient({ url: tandem.url });
  const { system } = await client.execute(SystemDocument, {});
  const { adapter, webgpu, tandem: version } = expected.made;
  const sameAdapter = (['name', 'driver', 'backend'] as const).every((key) => system.adapter[key] === adapter[key]);
  const dawn = createRequire(import.meta.url)('webgpu/package.json') as { readonly version: string };
  const sameBits = sameAdapter && dawn.version === webgpu;
  return { folder, tandem, client, sameBits, sameVersion: system.version === version };
}

/** The data of a query: of queries.graphql, or of another text. */
export function ask<T = Answer['data']>({ client }: Old, name: string, variables: object, text = queries): Promise<T> {
  const operation: Operation<'query', T, object> = { kind: 'query', name, text };
  return client.execute(operation, variables);
}
