/**
 * The types that a document carries, as `@graphql-typed-document-node/core` declares them: copied, so that the client
 * needs no package. TypeScript compares them by their shape, so documents of any codegen fit.
 */
export interface DocumentTypeDecoration<Result, Variables> {
  /** Never set: carries the types of the result and of the variables. */
  __apiType?: (variables: Variables) => Result;
}
