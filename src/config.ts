/**
 * Every setting of a Tandem process, read once from the environment (src/environment.ts has the table of variables).
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Rate } from './environment/types.ts';
import { readVariable, type VariableName } from './environment.ts';
import { badInput } from './errors.ts';
import type { HubSettings } from './hub/types.ts';
import { defaultLimits, type Limits } from './limits.ts';

export { defaultLimits, type Limits };

export interface Config {
  /** Folder of everything that Tandem keeps. */
  readonly dataDir: string;
  /** The only folder that imports may read paths from. */
  readonly importDir: string;
  /** The largest file that may be uploaded into it, in bytes; null = no uploads. */
  readonly uploadBytes: number | null;
  /** Port of the HTTP server; 0 takes a free one. */
  readonly port: number;
  readonly access: AccessSettings;
  /** A Postgres with pgvector >= 0.7; absent = embedded PGlite in dataDir. */
  readonly databaseUrl: string | undefined;
  /** `auto`: a GPU first, else the CPU; `gpu`; `cpu`; or a part of an adapter's name. */
  readonly adapter: string;
  /** Threads that compute on the CPU; undefined = as many as there are cores for this process. */
  readonly threads: number | undefined;
  /** How the CPU adds up products. */
  readonly simd: 'relaxed' | 'fixed';
  /** Where models are downloaded from. The token is never shown or stored. */
  readonly hub: HubSettings;
  readonly limits: Limits;
}

/** Who may reach the server, and what they may send. */
export interface AccessSettings {
  /** Whether every request needs an API key. */
  readonly auth: 'optional' | 'required';
  /** A key of an admin; never shown or stored. */
  readonly adminKey: string | undefined;
  /** Address that the HTTP server listens on. */
  readonly host: string;
  /** Further values of the Host header. */
  readonly hosts: readonly string[];
  /** Origins of pages that may use the server, beside its own. */
  readonly origins: readonly string[];
  /** Of each key; null = any number of requests. */
  readonly rate: Rate | null;
  readonly introspection: boolean;
  readonly graphiql: boolean;
  /** File of operations that may be named by their ids; `only`: callers below admin may send no others. */
  readonly documents: { readonly file: string; readonly only: boolean } | null;
}

/** Throws BAD_USER_INPUT, which names the variable, for a value that cannot be used. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const read: Read = (name) => readVariable(name, environment);
  const dataDir = resolve(read('TANDEM_DATA'));
  return {
    dataDir,
    importDir: resolve(read('TANDEM_IMPORT') ?? join(dataDir, 'import')),
    uploadBytes: read('TANDEM_UPLOAD'),
    port: read('TANDEM_PORT'),
    access: readAccess(read),
    databaseUrl: read('DATABASE_URL'),
    adapter: read('TANDEM_ADAPTER'),
    threads: read('TANDEM_THREADS'),
    simd: read('TANDEM_SIMD'),
    hub: { endpoint: read('HF_ENDPOINT'), token: readToken(environment), offline: read('HF_HUB_OFFLINE') },
    limits: defaultLimits,
  };
}

type Read = <Name extends VariableName>(name: Name) => ReturnType<typeof readVariable<Name>>;

/** Refuses what would let others in without a key, or binds only those who send one. */
function readAccess(read: Read): AccessSettings {
  const [auth, host, hosts] = [read('TANDEM_AUTH'), read('TANDEM_HOST'), read('TANDEM_HOSTS')];
  const expected = 'TANDEM_AUTH=required, with which every request needs an API key';
  const make = 'Set TANDEM_AUTH=required and make a key by `tandem key create`';
  if (auth !== 'required' && !isLoopback(host)) {
    const remedy = `${make}, or unset TANDEM_HOST and use an SSH tunnel.`;
    throw badInput(`TANDEM_HOST is ${host}, which other machines reach`, { field: 'TANDEM_HOST', expected, remedy });
  }
  if (auth !== 'required' && hosts.length > 0) {
    // A proxy makes everybody whom it lets pass look like this machine.
    const remedy = `${make}, or unset TANDEM_HOSTS.`;
    throw badInput('TANDEM_HOSTS lets others ask through a proxy', { field: 'TANDEM_HOSTS', expected, remedy });
  }
  const [file, only] = [read('TANDEM_DOCUMENTS'), read('TANDEM_DOCUMENTS_ONLY') === 'on'];
  if (only && file === undefined) {
    throw badInput('TANDEM_DOCUMENTS_ONLY is on, and there are no documents', {
      field: 'TANDEM_DOCUMENTS_ONLY',
      expected: 'a file of trusted documents in TANDEM_DOCUMENTS',
      remedy: 'Set TANDEM_DOCUMENTS to the file, or unset TANDEM_DOCUMENTS_ONLY.',
    });
  }
  if (auth !== 'required' && only) {
    const remedy = `${make}, or unset TANDEM_DOCUMENTS_ONLY.`;
    const field = 'TANDEM_DOCUMENTS_ONLY';
    throw badInput('TANDEM_DOCUMENTS_ONLY binds nobody who sends no key', { field, expected, remedy });
  }
  return {
    adminKey: read('TANDEM_ADMIN_KEY'),
    ...{ auth, host, hosts, origins: read('TANDEM_ORIGINS'), rate: read('TANDEM_RATE') },
    introspection: read('TANDEM_INTROSPECTION') === 'on',
    graphiql: read('TANDEM_GRAPHIQL') === 'on',
    documents: file === undefined ? null : { file: resolve(file), only },
  };
}

/** Whether only this machine reaches the address. Other ways to write it count as addresses that others reach. */
const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.');

/** Where huggingface_hub finds it: in the variable, else in the file of a login. */
function readToken(environment: NodeJS.ProcessEnv): string | undefined {
  const token = readVariable('HF_TOKEN', environment);
  if (token !== undefined || readVariable('HF_HUB_DISABLE_IMPLICIT_TOKEN', environment)) return token;
  const cache = readVariable('XDG_CACHE_HOME', environment) ?? join(homedir(), '.cache');
  const home = readVariable('HF_HOME', environment) ?? join(cache, 'huggingface');
  try {
    const file = readVariable('HF_TOKEN_PATH', environment) ?? join(home, 'token');
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
