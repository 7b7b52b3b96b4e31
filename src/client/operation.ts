/** An operation of the API with the types of its variables and of its result. The generated ones are constants of this type. */
export interface Operation<Kind extends 'query' | 'mutation' | 'subscription', Result, Variables> {
  readonly kind: Kind;
  readonly name: string;
  /** GraphQL text, fragments included. */
  readonly text: string;
  /** Never set: carries the types. */
  readonly types?: { readonly result: Result; readonly variables: Variables };
}
