/**
 * A server that goes away while it is migrated: the start fails with that error, and nothing waits for the connection.
 */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GuardedPool } from '../../src/db/guarded-pool.ts';
import { applyMigrations } from '../../src/db/migrate.ts';

let server: Server;
/** AuthenticationOk and ReadyForQuery (PostgreSQL manual, "Message Formats"); then it hangs up on the first query. */
const greeting = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

beforeAll(async () => {
  server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(greeting);
      socket.once('data', () => socket.destroy());
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

it('tells what happened, and the pool can be closed', async () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const pool = new GuardedPool({ host: '127.0.0.1', port, user: 'nobody', database: 'none' });
  pool.on('error', () => {});
  await expect(applyMigrations(pool, 'postgres')).rejects.toThrow(/Connection terminated/);
  await pool.end();
  expect(pool.totalCount).toBe(0);
});
