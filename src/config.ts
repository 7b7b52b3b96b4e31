/** Every setting of a Tandem process, read once from the environment. Nothing else reads process.env (log level aside). */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { badInput } from './errors.ts';
import type { HubSettings } from './hub/types.ts';

export interface Config {
  /** Folder of everything Tandem keeps (TANDEM_DATA, default ./.tandem). */
  readonly dataDir: string;
  /** The only folder that importDataset may read paths from (TANDEM_IMPORT, default <dataDir>/import). */
  readonly importDir: string;
  /** Port of the HTTP server on 127.0.0.1 (TANDEM_PORT, default 4000; 0 takes a free one). */
  readonly port: number;
  /** A Postgres with pgvector >= 0.7 (DATABASE_URL); absent = embedded PGlite in dataDir. */
  readonly databaseUrl: string | undefined;
  /** Cache for unpacked drivers (TANDEM_CACHE, default ~/.cache/tandem), private to the user. */
  readonly cacheDir: string;
  /** `auto`: hardware first, else software. `software`: only a software adapter (TANDEM_ADAPTER). */
  readonly adapter: 'auto' | 'software';
  /** Where models are downloaded from (HF_ENDPOINT, HF_HUB_OFFLINE, and HF_TOKEN or what `hf auth login` keeps). The token is never shown or stored. */
  readonly hub: HubSettings;
  readonly limits: Limits;
}

/** What one request may ask for. */
export interface Limits {
  readonly bodyBytes: number;
  readonly textCodePoints: number;
  readonly listItems: number;
  readonly queryDepth: number;
  readonly queryTokens: number;
  readonly queryAliases: number;
  /** Objects that an operation may ask for, estimated from the sizes of its pages. */
  readonly queryNodes: number;
  readonly pageSize: number;
  /** How long embed, similarity and search may take. */
  readonly requestMs: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 64 * 1024 * 1024,
  textCodePoints: 1_000_000,
  listItems: 10_000,
  queryDepth: 16,
  queryTokens: 4_000,
  queryAliases: 200,
  queryNodes: 100_000,
  pageSize: 1_000,
  requestMs: 10 * 60_000,
};

export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const dataDir = resolve(environment['TANDEM_DATA'] || '.tandem');
  const adapter = environment['TANDEM_ADAPTER'] || 'auto';
  if (adapter !== 'auto' && adapter !== 'software') {
    throw badInput(`TANDEM_ADAPTER is "${adapter}"`, { field: 'TANDEM_ADAPTER', expected: '"auto" or "software"' });
  }
  refuseOtherHosts(environment['TANDEM_HOST']);
  return {
    dataDir,
    importDir: resolve(environment['TANDEM_IMPORT'] || join(dataDir, 'import')),
    port: readPort(environment['TANDEM_PORT']),
    databaseUrl: environment['DATABASE_URL'] || undefined,
    cacheDir: resolve(environment['TANDEM_CACHE'] || join(homedir(), '.cache', 'tandem')),
    adapter,
    hub: {
      endpoint: readEndpoint(environment['HF_ENDPOINT']),
      token: readToken(environment),
      offline: /^(1|on|true|yes)$/i.test(environment['HF_HUB_OFFLINE'] ?? ''),
    },
    limits: defaultLimits,
  };
}

/** As huggingface_hub finds it: the variable, else the file of a login. */
function readToken(environment: NodeJS.ProcessEnv): string | undefined {
  const token = environment['HF_TOKEN']?.trim();
  if (token || /^(1|on|true|yes)$/i.test(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN'] ?? '')) return token || undefined;
  const cache = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const home = environment['HF_HOME'] || join(cache, 'huggingface');
  try {
    return readFileSync(environment['HF_TOKEN_PATH'] || join(home, 'token'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function readEndpoint(text: string | undefined): string {
  const endpoint = (text?.trim() || 'https://huggingface.co').replace(/\/+$/, '');
  if (/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(endpoint) && URL.canParse(endpoint)) return endpoint;
  throw badInput('HF_ENDPOINT is no address of a hub', {
    field: 'HF_ENDPOINT',
    expected: 'an address such as https://huggingface.co, without a user name',
  });
}

/** Anyone who reaches the port may do everything, so nothing but this machine may reach it until API keys exist. */
function refuseOtherHosts(host: string | undefined): void {
  if (host === undefined || host === '' || host === '127.0.0.1' || host === 'localhost') return;
  throw badInput(`TANDEM_HOST is "${host}"`, {
    field: 'TANDEM_HOST',
    expected: '127.0.0.1 (the only address until there are API keys)',
    remedy: 'Unset TANDEM_HOST; from another machine use an SSH tunnel.',
  });
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 4000;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw badInput(`TANDEM_PORT is "${text}"`, { field: 'TANDEM_PORT', expected: 'a port number from 0 to 65535' });
  }
  return port;
}
