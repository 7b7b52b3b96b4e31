/** From the values of a form to the input of an update: only what the person changed, and only what can be changed. */
import type { Changes } from './records.ts';
import { refused } from './resource.ts';
import type { Resource } from './types.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a form holds of a record and nobody edits. */
const carried: ReadonlySet<string> = new Set(['id', '__typename', 'updatedAt', 'ifUpdatedAt']);

/**
 * The input of an update to `values`, where the row was `previous` when the form was filled. Its `updatedAt` (of
 * `previous`, else of `values`) becomes the condition `ifUpdatedAt`, so that nobody overwrites what they have not seen.
 * Throws {@link refused} where a value was changed that the noun does not let anybody change.
 */
export function editOf(resource: Resource, id: string, values: Values, previous?: Values): Changes {
  const changed = Object.entries(values).filter(
    ([name, value]) => value !== undefined && !carried.has(name) && !(previous && isSame(value, previous[name])),
  );
  const unknown = changed.find(([name]) => !(name in resource.editable));
  if (unknown) throw notEditable(resource, unknown[0]);
  const condition = values['ifUpdatedAt'] ?? previous?.['updatedAt'] ?? values['updatedAt'];
  return {
    id,
    ...Object.fromEntries(changed.map(([name, value]) => [name, value ?? emptyOf(resource.editable[name])])),
    ...(condition === undefined ? {} : { ifUpdatedAt: condition }),
  };
}

/** Whether an update would change nothing. */
export const isUnchanged = ({ id: _id, ifUpdatedAt: _condition, ...changes }: Changes): boolean =>
  Object.keys(changes).length === 0;

/** Forms empty a field with null, which of a text or a list in an input means "as it is". */
const emptyOf = (type: string | undefined): unknown => (type?.startsWith('[') ? [] : type === 'String' ? '' : null);

const isSame = (value: unknown, before: unknown): boolean =>
  value === before || JSON.stringify(value ?? null) === JSON.stringify(before ?? null);

function notEditable({ list, editable }: Resource, name: string) {
  const known = Object.keys(editable);
  return refused(`"${name}" of ${list} cannot be changed`, {
    field: name,
    expected: known.length === 0 ? 'no change: these records stay as they are' : `a change of ${known.join(', ')}`,
    remedy: 'Show the field in the form as one that is only read.',
  });
}
