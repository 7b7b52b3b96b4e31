/** What people may write to a thing: its name, notes and tags within their limits. */
import { badInput, limitExceeded } from '../../../errors.ts';

/** Absent and null values leave what is there; only `expiresAt` is taken away by null. */
export interface Edit {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly notes?: string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  /** Of an API key; null = never. */
  readonly expiresAt?: Date | null | undefined;
  /** Refused if the row was changed since. */
  readonly ifUpdatedAt?: Date | null | undefined;
}

/** The values of an edit as they are stored. */
export interface EditedValues {
  readonly name?: string;
  readonly notes?: string;
  readonly tags?: string[];
  readonly expiresAt?: Date | null;
}

const mostName = 200;
/** Bytes of UTF-8. */
const mostNotes = 64 * 1024;
const mostTags = 50;
const mostTag = 100;

/**
 * The values to store: names and tags trimmed, each tag once. Throws BAD_USER_INPUT for an empty name where one is
 * needed, and for an empty tag; LIMIT_EXCEEDED for what is too long. `field` is the path of the edit in the input.
 */
export function valuesOf(edit: Edit, field: string, { needsName }: { readonly needsName: boolean }): EditedValues {
  const { name, notes, tags, expiresAt } = edit;
  return {
    ...(typeof name === 'string' && { name: nameOf(name, `${field}.name`, needsName) }),
    ...(typeof notes === 'string' && { notes: notesOf(notes, `${field}.notes`) }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(tags && { tags: tagsOf(tags, `${field}.tags`) }),
  };
}

function nameOf(given: string, field: string, needsName: boolean): string {
  const name = given.trim();
  if (needsName && name === '') throw isEmpty(field, `a name of 1 to ${mostName} characters`);
  if (name.length > mostName) throw isTooLong(field, `${name.length} characters`, `at most ${mostName} characters`);
  return name;
}

function notesOf(notes: string, field: string): string {
  const bytes = Buffer.byteLength(notes);
  if (bytes > mostNotes) throw isTooLong(field, `${bytes} bytes`, `at most ${mostNotes} bytes of UTF-8`);
  return notes;
}

function tagsOf(given: readonly string[], field: string): string[] {
  const tags = [...new Set(given.map((tag) => tag.trim()))];
  if (tags.length > mostTags) throw isTooLong(field, `${tags.length} tags`, `at most ${mostTags} tags`);
  for (const [i, tag] of given.map((text) => text.trim()).entries()) {
    if (tag === '') throw isEmpty(`${field}.${i}`, `a tag of 1 to ${mostTag} characters`);
    if (tag.length <= mostTag) continue;
    throw isTooLong(`${field}.${i}`, `${tag.length} characters`, `at most ${mostTag} characters a tag`);
  }
  return tags;
}

const isEmpty = (field: string, expected: string) =>
  badInput(`${field} is empty`, { field, expected, remedy: 'Leave it out, or give it content.' });

const isTooLong = (field: string, has: string, expected: string) =>
  limitExceeded(`${field} has ${has}`, { field, expected, remedy: 'Shorten it.' });
