/** What a frontend wants to do with the data, and the tests that show for each client whether it can. */
import { it } from 'vitest';

export const clients = [
  ...['react-admin', 'Refine', 'Apollo', 'urql', 'Relay', 'graphql-request', 'graphql-codegen', 'openai'],
] as const;
export type Client = (typeof clients)[number];

export const capabilities = ['list', 'page', 'sort', 'filter', 'getMany', 'update', 'delete', 'live'] as const;
export type Capability = (typeof capabilities)[number];

export interface Cell {
  readonly client: Client;
  readonly capability: Capability;
  /** Why the client cannot, by its nature; absent where it can. */
  readonly cannot?: string;
}

declare module 'vitest' {
  interface TaskMeta {
    cell?: Cell;
  }
}

/** The test of one cell of the table: it drives the client's own package. */
export function can(client: Client, capability: Capability, test: () => Promise<void>): void {
  it(`${client}: ${capability}`, async ({ task }) => {
    task.meta.cell = { client, capability };
    await test();
  });
}

/** The test of a cell that a client lacks by its nature: it shows what happens to somebody who tries. */
export function cannot(client: Client, capability: Capability, why: string, test: () => Promise<void>): void {
  it(`${client}: no ${capability}, because ${why}`, async ({ task }) => {
    task.meta.cell = { client, capability, cannot: why };
    await test();
  });
}
