/** The architecture of a new model from the values of its family's catalog row (families/catalog.ts). */
import { type EncoderFamily, largestHeadSize } from './families/catalog.ts';
import { familyOf } from './families/index.ts';
import { wrongSize } from './families/shared/wrong-size.ts';
import type { Architecture } from './types.ts';

/** Every parameter of a catalog row by name; truth values as 1 and 0. */
export type ArchitectureValues = Readonly<Record<string, number>>;

/** Throws for sizes that do not go together; the error's field is `architecture.<parameter>`. */
export function newArchitecture(
  family: EncoderFamily,
  values: ArchitectureValues,
  vocabularySize: number,
  padTokenId: number,
): Architecture {
  const value = (name: string): number => values[name] ?? 0;
  const sizes = {
    layers: value('layers'),
    width: value('width'),
    heads: value('heads'),
    innerWidth: value('innerWidth'),
    maxPositions: value('maxPositions'),
    vocabularySize,
  };
  const headSize = readHeadSize(values);
  return familyOf(family).newArchitecture({ sizes, headSize, value, padTokenId });
}

/** D: given, or the width divided by the heads. */
function readHeadSize(values: ArchitectureValues): number {
  const { width = 0, heads = 0, headSize: given = 0 } = values;
  const size = given || width / heads;
  if (!Number.isInteger(size)) throw wrongSize('heads', heads, `a divisor of the width, ${width}`);
  const isRotary = values['ropeTheta'] !== undefined;
  if (size > largestHeadSize || (isRotary && size % 2 !== 0)) {
    const [name, value] = given ? ['headSize', given] : ['heads', heads];
    const pairs = isRotary ? ', an even number' : '';
    throw wrongSize(name, value, `heads of at most ${largestHeadSize} channels${pairs}; not ${size}`);
  }
  return size;
}
