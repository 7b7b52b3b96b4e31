/** The HTTP server in front of an engine of the test's own, or with one part in place of that of a whole service. */
import { loadConfig } from '../../src/config.ts';
import { type HttpOptions, type HttpServer, startHttp } from '../../src/http/server.ts';
import { createLogger } from '../../src/log.ts';
import { openAccess } from '../../src/services/access/access.ts';

const logger = createLogger('test', 'silent');
const config = loadConfig({});

/** Where no key is needed, and none is sent, no database is asked. */
const access = openAccess({ database: { db: undefined as never, kind: 'pglite' }, config, log: logger });

export const serve = (options: Partial<HttpOptions> & Pick<HttpOptions, 'graphql'>): Promise<HttpServer> =>
  startHttp({
    openai: undefined as never,
    uploads: undefined as never,
    secret: 'of a test',
    probes: { health: () => [], readiness: async () => [], metrics: async () => '' },
    settings: config.access,
    ...{ access, logger },
    ...{ port: 0, bodyBytes: 1_000 },
    ...options,
  });
