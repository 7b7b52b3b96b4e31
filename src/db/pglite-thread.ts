/**
 * Thread entry: PGlite with pgvector over the data folder, served on a socket that only this user can reach. The one
 * thread that opens a database; the main thread speaks to it through `pg` like to any Postgres.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { databaseTemplate } from '../assets.ts';
import { invariant, toPlainError } from '../errors.ts';
import type { ThreadMessage, ThreadSettings } from './embedded.ts';
import { pgliteVersion } from './format.ts';
import { unpackTemplate } from './template.ts';

invariant(parentPort, 'pglite-thread.ts was started outside a worker thread');
const port = parentPort;
const tell = (message: ThreadMessage): void => port.postMessage(message);

async function serve({ folder, listen }: ThreadSettings): Promise<void> {
  unpackTemplate(databaseTemplate(pgliteVersion), folder);
  const database = await PGlite.create(folder, { extensions: { vector } });
  const server = new PGLiteSocketServer({ db: database, maxConnections: 8, ...listen });
  await server.start();
  port.once('message', () => {
    void close(server, database);
  });
  tell({ kind: 'ready', port: Number(server.getServerConn().split(':').at(-1)) || 0 });
}

async function close(server: PGLiteSocketServer, database: PGlite): Promise<void> {
  await server.stop();
  await database.close();
  port.close();
}

serve(workerData as ThreadSettings).catch((error: unknown) => {
  tell({ kind: 'failed', error: toPlainError(error) });
  port.close();
});
