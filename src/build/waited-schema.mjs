// The schema as documents see it that leave the argument `wait` of a mutation out, as all of the typed client's do but
// those that ask for jobs alone: they are answered once all is done, so that nothing of the payload is null.

/** Fields that are there in any case. */
const always = ['job', 'jobs'];

const argumentsOf = (field) => field.arguments ?? [];
const waits = ({ name }) => name.value === 'wait';
const namedType = (type) => (type.type ? namedType(type.type) : type.name.value);
const isMutation = ({ kind, name }) => kind === 'ObjectTypeDefinition' && name.value === 'Mutation';

/** Of a parsed schema; another document of it. */
export function waitedSchema(schema) {
  const fields = schema.definitions.find(isMutation)?.fields ?? [];
  const payloads = new Set(
    fields.filter((field) => argumentsOf(field).some(waits)).map((field) => namedType(field.type)),
  );
  const definitions = schema.definitions.map((definition) =>
    definition.kind === 'ObjectTypeDefinition' && payloads.has(definition.name.value)
      ? { ...definition, fields: definition.fields.map(required) }
      : definition,
  );
  return { ...schema, definitions };
}

const required = (field) =>
  field.type.kind === 'NonNullType' ? field : { ...field, type: { kind: 'NonNullType', type: field.type } };

/** Throws where a document gives `wait` and selects what is null then: its types would be wrong. */
export function refuseWaiting({ definitions }) {
  for (const { kind, name, selectionSet } of definitions) {
    if (kind !== 'OperationDefinition') continue;
    for (const field of selectionSet.selections) {
      if (!argumentsOf(field).some(waits)) continue;
      const other = field.selectionSet.selections.find((selected) => !always.includes(selected.name?.value));
      if (other) throw new Error(`${name.value} gives \`wait\` and selects more than the jobs: leave \`wait\` out`);
    }
  }
}
