/** The types of the handles that queries run on. */
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type * as schema from './schema.ts';

export type Db = NodePgDatabase<typeof schema>;
export type Transaction = Parameters<Parameters<Db['transaction']>[0]>[0];
/** What a function takes that works inside a transaction and outside. */
export type Executor = Db | Transaction;
