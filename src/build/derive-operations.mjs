// The documents of those root fields that no document in src/client/operations asks for, so that the typed client has
// every operation of the API. A document takes all arguments of its field and is named after it. It selects what the
// fragments of src/client/operations select of a type, of other nodes the id, and of anything else every field that
// needs no argument. Of a node that was deleted it selects the id alone, since what belonged to it is gone. A mutation
// with an argument `wait` has two: one that waits, and `Begin...`, which has the jobs alone.
import {
  buildASTSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isRequiredArgument,
  print,
} from 'graphql';

/** GraphQL text of each; `documents` are those that people wrote, parsed. */
export function deriveOperations(schemaDocument, documents) {
  const schema = buildASTSchema(schemaDocument);
  const definitions = documents.flatMap(({ definitions }) => definitions);
  const asked = new Set();
  const fragments = new Map();
  for (const definition of definitions) {
    if (definition.kind === 'FragmentDefinition') addFragment(fragments, definition);
    else for (const { name } of definition.selectionSet.selections) asked.add(`${definition.operation} ${name.value}`);
  }
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ];
  return roots.flatMap(([operation, root]) => {
    const fields = Object.values(root?.getFields() ?? {});
    const others = fields.filter(({ name }) => !asked.has(`${operation} ${name}`));
    const long = fields.filter(({ args }) => args.some(({ name }) => name === 'wait'));
    return [
      ...others.map((field) => documentOf(operation, field, { selected: payloadOf(field, fragments) })),
      ...long.map((field) => documentOf(operation, field, { begins: true, selected: jobsOf(field, fragments) })),
    ];
  });
}

/** Of several fragments of a type, the one that is named after it as its summary comes first. */
function addFragment(fragments, { name, typeCondition }) {
  const type = typeCondition.name.value;
  if (!fragments.has(type) || name.value === `${type}Summary`) fragments.set(type, name.value);
}

function documentOf(operation, { name, args }, { begins = false, selected }) {
  const title = `${begins ? 'Begin' : ''}${name[0].toUpperCase()}${name.slice(1)}`;
  const given = args.filter((arg) => arg.name !== 'wait');
  const variables = given.map((arg) => `$${arg.name}: ${arg.type}${defaultOf(arg)}`);
  const passed = [...given.map((arg) => `${arg.name}: $${arg.name}`), ...(begins ? ['wait: false'] : [])];
  const inBrackets = (texts) => (texts.length === 0 ? '' : `(${texts.join(', ')})`);
  return `${operation} ${title}${inBrackets(variables)} { ${name}${inBrackets(passed)} ${selected} }`;
}

const payloadOf = ({ type }, fragments) => selectionOf(getNamedType(type), fragments, 0);

const jobsOf = ({ type }, fragments) =>
  `{ jobs ${selectionOf(getNamedType(getNamedType(type).getFields().jobs.type), fragments, 1)} }`;

/** Where an argument has a default, its variable may be left out. */
const defaultOf = ({ astNode }) => (astNode?.defaultValue ? ` = ${print(astNode.defaultValue)}` : '');

/** How deep objects are selected that are no nodes and have no fragment. */
const deepest = 3;

function selectionOf(type, fragments, depth) {
  if (isLeafType(type)) return '';
  const fields = Object.values(type.getFields?.() ?? {});
  if (fields.some(({ name }) => /^deletedIds?$/.test(name)) && fragments.size > 0) {
    return selectionOf(type, new Map(), depth);
  }
  const fragment = fragments.get(type.name);
  if (fragment !== undefined) return `{ ...${fragment} }`;
  const isNode = type.name === 'Node' || (type.getInterfaces?.() ?? []).some(({ name }) => name === 'Node');
  if (isNode) return type.name === 'Node' ? '{ __typename id }' : '{ id }';
  const selected = fields
    .filter(({ name, args }) => !args.some(isRequiredArgument) && !(isConnection(type) && name === 'edges'))
    .filter((field) => depth < deepest || !isCompositeType(getNamedType(field.type)))
    .map((field) => `${field.name} ${selectionOf(getNamedType(field.type), fragments, depth + 1)}`);
  return `{ ${isInterfaceType(type) ? '__typename ' : ''}${selected.join(' ')} }`;
}

const isConnection = ({ name }) => name.endsWith('Connection');
