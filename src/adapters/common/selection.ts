/** What is selected of a node. */
import type { Resource } from './types.ts';

/** A selection as text, or as lists of names as Refine has them: `['name', { model: ['id', 'name'] }]`. */
export type Fields = string | readonly FieldEntry[];
type FieldEntry = string | { readonly [field: string]: readonly FieldEntry[] };

const textOf = (fields: Fields): string => (typeof fields === 'string' ? fields : fields.map(entryText).join(' '));

function entryText(entry: FieldEntry): string {
  if (typeof entry === 'string') return entry;
  return Object.entries(entry)
    .map(([name, inner]) => `${name} { ${textOf(inner)} }`)
    .join(' ');
}

/** The fields of a node: those that the caller names, else the noun's own; its type and its id in any case. */
export const selectionOf = (resource: Resource, fields: Fields | undefined): string =>
  `__typename id ${fields === undefined ? resource.fields : textOf(fields)}`;
