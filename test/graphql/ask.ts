/** Operations on a database without a server, with the statements that they take. */
import { randomUUID } from 'node:crypto';
import { type DocumentNode, execute, type FormattedExecutionResult } from 'graphql';
import { expect } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { schema } from '../../src/graphql/schema.ts';
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
  const tandem = { database, config: { limits: defaultLimits }, jobs: { place: randomUUID() } };
  const contextValue = { tandem, signal: new AbortController().signal };
  const result = (await execute({ schema, document, variableValues, contextValue })) as FormattedExecutionResult;
  database.pool.off('acquire', count);
  expect(result.errors).toBeUndefined();
  return { data: result.data as Record<string, never>, statements };
}
