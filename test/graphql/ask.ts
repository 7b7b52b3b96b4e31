/** Operations on a database without a server, with the statements that they take. */
import { randomUUID } from 'node:crypto';
import { type DocumentNode, type ExecutionResult, execute } from 'graphql';
import { expect } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { TandemError } from '../../src/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { localCaller } from '../../src/services/access/access.ts';
import type { TestDatabase } from '../db/database.ts';

/** The data of an operation without errors, and how many statements it took. */
export async function askOf(
  database: TestDatabase,
  document: DocumentNode,
  variableValues: Record<string, unknown> = {},
) {
  let statements = 0;
  const count = () => void statements++;
  database.pool.on('acquire', count);
  const result = await run(database, document, variableValues);
  database.pool.off('acquire', count);
  expect(result.errors).toBeUndefined();
  return { data: result.data as Record<string, never>, statements };
}

/** The one error of an operation that is refused. */
export async function refusalOf(
  database: TestDatabase,
  document: DocumentNode,
  variableValues: Record<string, unknown>,
) {
  const { errors = [] } = await run(database, document, variableValues);
  const [origin, ...others] = new Set(errors.map(({ originalError }) => originalError));
  if (!(origin instanceof TandemError) || others.length > 0) throw new Error(`not refused as one: ${errors.join()}`);
  return origin;
}

async function run(database: TestDatabase, document: DocumentNode, variableValues: Record<string, unknown>) {
  const tandem = { database, config: { limits: defaultLimits }, jobs: { place: randomUUID() } };
  const position = { lastEventId: undefined, eventId: undefined, begun: true };
  const caller = localCaller;
  const contextValue = { tandem, caller, connection: 'http', signal: new AbortController().signal, position };
  return (await execute({ schema, document, variableValues, contextValue })) as ExecutionResult;
}
