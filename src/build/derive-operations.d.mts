import type { DocumentNode } from 'graphql';

export function deriveOperations(schemaDocument: DocumentNode, documents: readonly DocumentNode[]): string[];
