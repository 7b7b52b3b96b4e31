/**
 * What a noun of the API is to a program that treats all nouns alike, such as a data provider of an admin frontend. The
 * table of them is generated from the schema (generated/resources.ts).
 */

/** A mutation of a noun. */
export interface ResourceMutation {
  readonly name: string;
  /** GraphQL type of its argument. */
  readonly type: string;
  /** The field of its payload with the node or the nodes, '' for the payload itself; absent = it answers without. */
  readonly place?: string;
  /** Other fields of its payload, which only it tells: the text of an API key. */
  readonly besides?: readonly string[];
}

/** Types of input fields by their names, as in the schema without the outermost "!". */
type InputFields = Readonly<Record<string, string>>;

export interface Resource {
  /** The field of Query that lists it, by which it is called: "runs". */
  readonly list: string;
  /** GraphQL type of its nodes: "Run". */
  readonly type: string;
  /** What the subscription `changes` calls the type. */
  readonly nodeType: string | null;
  /** What is selected of a node unless the caller says otherwise. */
  readonly fields: string;
  /** The conditions of its filter. */
  readonly filter: InputFields;
  /** The values of its order's enum. */
  readonly orders: readonly string[];
  /** The mutations that make one, the default first. */
  readonly creates: readonly ResourceMutation[];
  /** What an update may change. */
  readonly editable: InputFields;
  readonly update: ResourceMutation | null;
  readonly updateMany: ResourceMutation | null;
  readonly delete: ResourceMutation | null;
  readonly deleteMany: ResourceMutation | null;
}
