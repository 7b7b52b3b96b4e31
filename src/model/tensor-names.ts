/** Names of tensors in files of other programs, and the parameters that they are. */
import type { EncoderFamily } from './families/catalog.ts';
import { familyOf } from './families/index.ts';

/**
 * The parameter that a tensor of a file is, by its name in the family's table; undefined for heads and computed
 * buffers, which are ignored. Whether the table has such a parameter is the caller's to check.
 */
export function parameterName(family: EncoderFamily, name: string): string | undefined {
  const { prefixes, endings, ignored } = familyOf(family).tensorNames;
  const prefix = prefixes.find((text) => name.startsWith(text)) ?? '';
  const plain = name.slice(prefix.length);
  if (ignored.test(plain)) return undefined;
  const ending = endings.find(([old]) => plain.endsWith(old));
  return ending ? plain.slice(0, -ending[0].length) + ending[1] : plain;
}
