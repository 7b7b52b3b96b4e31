/** The documents that the client takes, and the one form that it sends. */
import type { DocumentTypeDecoration } from './document-types.ts';
import { type Node, print } from './print.ts';

/**
 * A document as `tandem/client` 0.2.0 exported it.
 *
 * @deprecated The exported documents are instances of `TypedDocumentString` now; these still work.
 */
export interface Operation<Kind extends 'query' | 'mutation' | 'subscription', Result, Variables> {
  readonly kind: Kind;
  readonly name: string;
  /** GraphQL text, fragments included. */
  readonly text: string;
  /** Never set: carries the types. */
  readonly types?: { readonly result: Result; readonly variables: Variables };
}

/**
 * A query or a mutation: a `TypedDocumentString` or a `TypedDocumentNode` of GraphQL codegen (Tandem's or your own), or
 * a document of 0.2.0.
 */
export type Executable<Result, Variables> =
  | DocumentTypeDecoration<Result, Variables>
  | Operation<'query' | 'mutation', Result, Variables>;

/** A subscription, in the same forms. */
export type Subscribable<Result, Variables> =
  | DocumentTypeDecoration<Result, Variables>
  | Operation<'subscription', Result, Variables>;

/** What is sent: GraphQL text with one operation. */
export interface OperationText {
  /** `query`, `mutation` or `subscription`. */
  readonly kind: string;
  readonly name: string | undefined;
  readonly text: string;
}

/** Kind, name and text of a document. Its text is not validated: that is the server's part. */
export function operationOf<Result, Variables>(
  document: Executable<Result, Variables> | Subscribable<Result, Variables>,
): OperationText {
  // A document of 0.2.0 names the operation that it means: its text may hold several.
  if ('text' in document) return document;
  const text = isParsed(document) ? print(document) : String(document);
  const [, kind = 'query', name] = /^\s*(query|mutation|subscription)\b\s*(\w+)?/m.exec(text) ?? [];
  return { kind, name, text };
}

const isParsed = (document: object): document is Node => (document as Partial<Node>).kind === 'Document';
