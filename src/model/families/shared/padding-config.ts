/** pad_token_id of config.json, both ways. transformers makes it the padding_idx of the word table, in all families. */
import { type JsonFile, wrongField } from '../../json-fields.ts';
import type { Architecture } from '../../types.ts';

/**
 * The field and the row that it freezes in a word table of `vocabularySize` rows. As in torch a negative id counts from
 * the end of the table. `defaultId` is transformers' where there is no field.
 */
export function readPadding(
  { path, fields }: JsonFile,
  defaultId: number | null,
  vocabularySize: number,
): Pick<Architecture, 'padTokenId' | 'frozenRow'> {
  const given = fields['pad_token_id'];
  if (given === null) return { padTokenId: null };
  const id = given ?? defaultId;
  const isRow = Number.isSafeInteger(id) && (id as number) >= -vocabularySize && (id as number) < vocabularySize;
  if (!isRow && given !== undefined) {
    const expected = `null, or a whole number below vocab_size, ${vocabularySize}: torch refuses any other padding_idx`;
    throw wrongField(path, 'pad_token_id', given, expected);
  }
  const row = id as number;
  return {
    ...(given !== undefined && { padTokenId: row }),
    ...(isRow && { frozenRow: row < 0 ? vocabularySize + row : row }),
  };
}

/** An absent field stays absent. */
export const paddingConfig = ({ padTokenId }: Architecture): { readonly pad_token_id?: number | null } =>
  padTokenId === undefined ? {} : { pad_token_id: padTokenId };
