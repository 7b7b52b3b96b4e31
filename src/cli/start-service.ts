/** A service in the process of a command, for those that start one. */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import type { RunningTandem, startTandem } from '../main.ts';

/** As startTandem. Its modules are loaded here and not before: a command of a running service begins without them. */
export async function startService(...request: Parameters<typeof startTandem>): Promise<RunningTandem> {
  const main = await import('../main.ts');
  return main.startTandem(...request);
}

/** The same settings with a key of an admin: that of the environment, or one that only this process knows. */
export const withAdminKey = (config: Config): Config => ({
  ...config,
  access: { ...config.access, adminKey: config.access.adminKey ?? randomBytes(32).toString('base64url') },
});

/** The settings of a service that this process alone asks. */
export const forThisProcess = (config: Config): Config => ({
  ...config,
  access: {
    ...{ auth: 'required', adminKey: randomBytes(32).toString('base64url'), rate: null, documents: null },
    ...{ host: '127.0.0.1', hosts: [], origins: [], introspection: true, graphiql: false },
  },
});
