/**
 * The text of a document that was parsed (`DocumentNode` of graphql-js, version 16 or 17), as it stands in the output
 * of GraphQL codegen and behind `gql`. The package graphql would be many times the size of the client.
 */

/** A node of any kind; which fields it has follows from the kind. */
export interface Node {
  readonly kind: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the fields of each kind are those of the specification.
type Fields = any;

const all = (nodes: readonly Node[] | undefined, between = ' '): string => (nodes ?? []).map(print).join(between);
const enclosed = (begin: string, text: string, end: string): string => (text === '' ? '' : begin + text + end);
const after = (before: string, node: Node | undefined): string => (node ? before + print(node) : '');

const printers: Readonly<Record<string, (fields: Fields) => string>> = {
  // The operation first: what is sent begins with its kind and its name.
  Document: ({ definitions }) =>
    all(
      [...definitions].sort((a: Node, b: Node) => rank(a) - rank(b)),
      '\n',
    ),
  OperationDefinition: ({ operation, name, variableDefinitions, directives, selectionSet }) =>
    `${operation}${after(' ', name)}${listed(variableDefinitions)}${applied(directives)}${print(selectionSet)}`,
  VariableDefinition: ({ variable, type, defaultValue, directives }) =>
    `${print(variable)}: ${print(type)}${after(' = ', defaultValue)}${applied(directives)}`,
  FragmentDefinition: ({ name, typeCondition, directives, selectionSet }) =>
    `fragment ${print(name)} on ${print(typeCondition)}${applied(directives)}${print(selectionSet)}`,
  SelectionSet: ({ selections }) => ` { ${all(selections)} }`,
  Field: ({ alias, name, arguments: given, directives, selectionSet }) =>
    [alias && `${print(alias)}: `, print(name), listed(given), applied(directives), after('', selectionSet)].join(''),
  FragmentSpread: ({ name, directives }) => `...${print(name)}${applied(directives)}`,
  InlineFragment: ({ typeCondition, directives, selectionSet }) =>
    `...${after(' on ', typeCondition)}${applied(directives)}${print(selectionSet)}`,
  Directive: ({ name, arguments: given }) => `@${print(name)}${listed(given)}`,
  Argument: named,
  ObjectField: named,
  Name: ({ value }) => value,
  Variable: ({ name }) => `$${print(name)}`,
  NamedType: ({ name }) => print(name),
  ListType: ({ type }) => `[${print(type)}]`,
  NonNullType: ({ type }) => `${print(type)}!`,
  IntValue: ({ value }) => value,
  FloatValue: ({ value }) => value,
  EnumValue: ({ value }) => value,
  StringValue: ({ value }) => JSON.stringify(value),
  BooleanValue: ({ value }) => String(value),
  NullValue: () => 'null',
  ListValue: ({ values }) => `[${all(values, ', ')}]`,
  ObjectValue: ({ fields }) => `{${all(fields, ', ')}}`,
};

const rank = ({ kind }: Node): number => (kind === 'OperationDefinition' ? 0 : 1);

function named({ name, value }: Fields): string {
  return `${print(name)}: ${print(value)}`;
}

const listed = (nodes: readonly Node[] | undefined): string => enclosed('(', all(nodes, ', '), ')');
const applied = (directives: readonly Node[] | undefined): string => enclosed(' ', all(directives), '');

/** Throws a TypeError for a kind that no operation has. */
export function print(node: Node): string {
  const printer = printers[node.kind];
  if (!printer) throw new TypeError(`The document holds a ${node.kind}, which is no part of an operation`);
  return printer(node);
}
