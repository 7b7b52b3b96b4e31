import type { DocumentNode } from 'graphql';

export function waitedSchema(schema: DocumentNode): DocumentNode;
export function refuseWaiting(document: DocumentNode): void;
