/** The HTTP server with the real engine and real jobs, whose device thread counts in place of training. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config.ts';
import { decodeId, encodeId } from '../../src/graphql/ids.ts';
import { createGraphQLServer } from '../../src/graphql/server.ts';
import { type HttpServer, startHttp } from '../../src/http/server.ts';
import { createLogger, type Logger } from '../../src/log.ts';
import { createOpenAiApi } from '../../src/openai/api.ts';
import { openAccess } from '../../src/services/access/access.ts';
import type { Access } from '../../src/services/access/types.ts';
import { openChanges } from '../../src/services/changes/changes.ts';
import { probesOf } from '../../src/services/system/health.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { createUploads } from '../../src/services/uploads/uploads.ts';
import { openWorkplace, type Workplace } from '../jobs/workplace.ts';

export interface Place extends Workplace {
  readonly url: string;
  readonly port: number;
  readonly server: HttpServer;
  readonly access: Access;
  readonly logger: Logger;
  /** Stops the server as a process does that is told to, and starts it again on its port. */
  restart(options?: { readonly pauseMs?: number }): Promise<void>;
  resume(run: string): Promise<void>;
  /** Ends a run that is held. */
  cancel(run: string): Promise<unknown>;
  /** A run of ten updates, after the end of the one before; its global id. */
  run(behaviour?: Parameters<Workplace['behave']>[0]): Promise<string>;
}

/** With these variables of the environment. */
export async function openPlace(environment: NodeJS.ProcessEnv = {}): Promise<Place> {
  const place = await openWorkplace();
  const config = loadConfig({ TANDEM_DATA: place.dataDir, ...environment });
  const logger = createLogger('test', 'silent');
  const changes = openChanges({ database: place.database, log: logger });
  const access = openAccess({ database: place.database, config, log: logger });
  const serve = (port: number): Promise<HttpServer> => {
    const { database, storage, jobs } = place;
    const tandem: Tandem = { config, database, storage, jobs, access, changes, startedAt: new Date() };
    const [graphql, openai] = [createGraphQLServer(tandem, logger), createOpenAiApi(tandem, logger)];
    const uploads = createUploads(tandem);
    return startHttp({
      ...{ graphql, openai, uploads, access, probes: probesOf(tandem), secret: 'of a test', port },
      ...{ settings: config.access, bodyBytes: 100_000, logger },
    });
  };
  let server = await serve(0);
  /** Behaviour is that of every run which has not begun, so the run before it must have ended. */
  let last: string | undefined;
  const endLast = async (): Promise<void> => {
    if (last === undefined) return;
    // What has ended cannot be cancelled; both reject then.
    await place.jobs.cancel(last).catch(() => {});
    await place.jobs.outcome(last).catch(() => {});
  };
  return Object.assign(Object.create(place) as Workplace, {
    url: server.url,
    port: server.port,
    ...{ access, logger },
    get server() {
      return server;
    },
    async restart({ pauseMs = 0 } = {}) {
      server.drain();
      const restarted = place.restartJobs();
      await sleep(50);
      await server.close();
      await restarted;
      await sleep(pauseMs);
      server = await serve(server.port);
    },
    resume: (run: string) => place.jobs.resumeRun(decodeId(run).id),
    cancel: (run: string) => place.jobs.cancel(decodeId(run).id),
    async run(behaviour: Parameters<Workplace['behave']>[0] = {}) {
      await endLast();
      await place.behave(behaviour);
      last = (await place.startRun({ epochs: 1 })).id;
      return encodeId('Run', last);
    },
    async close() {
      await access.stop();
      await changes.stop();
      await server.close();
      await place.close();
    },
  });
}

export const follow = 'subscription ($id: ID!, $after: Int64) { runEvents(runId: $id, after: $after) { __typename } }';
export const numbered = 'subscription ($id: ID!) { runEvents(runId: $id) { seq } }';

export const headers = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };

/** The event stream of an operation by itself. */
export const postEvents = (url: string, body: object, own: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream', ...own },
    body: JSON.stringify(body),
  });

/** `[id, event, data]` of each event. */
export const eventsIn = (text: string): (string | undefined)[][] =>
  text
    .split('\n\n')
    .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2))))
    .filter(({ event }) => event !== undefined)
    .map(({ id, event, data }) => [id, event, data]);
