/**
 * Every setting of a Tandem process, read once from the environment (src/environment.ts has the table of variables).
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { readVariable, type VariableName } from './environment.ts';
import type { HubSettings } from './hub/types.ts';
import { defaultLimits, type Limits } from './limits.ts';

export { defaultLimits, type Limits };

export interface Config {
  /** Folder of everything that Tandem keeps. */
  readonly dataDir: string;
  /** The only folder that imports may read paths from. */
  readonly importDir: string;
  /** Port of the HTTP server on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
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

/** Throws BAD_USER_INPUT, which names the variable, for a value that cannot be used. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const read = <Name extends VariableName>(name: Name) => readVariable(name, environment);
  const dataDir = resolve(read('TANDEM_DATA'));
  read('TANDEM_HOST');
  return {
    dataDir,
    importDir: resolve(read('TANDEM_IMPORT') ?? join(dataDir, 'import')),
    port: read('TANDEM_PORT'),
    databaseUrl: read('DATABASE_URL'),
    adapter: read('TANDEM_ADAPTER'),
    threads: read('TANDEM_THREADS'),
    simd: read('TANDEM_SIMD'),
    hub: { endpoint: read('HF_ENDPOINT'), token: readToken(environment), offline: read('HF_HUB_OFFLINE') },
    limits: defaultLimits,
  };
}

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
