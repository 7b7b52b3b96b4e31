/** The architecture of a new model from the values of its family's catalog row (families/catalog.ts). */
import { type EncoderFamily, largestHeadSize } from './families/catalog.ts';
import { familyOf } from './families/index.ts';
import { wrongSize } from './families/shared/wrong-size.ts';
import type { Architecture, ArchitectureValues } from './types.ts';

/**
 * `padTokenId` of the tokenizer goes into config.json, so its row is frozen. Throws for sizes that do not go together;
 * the error's field is `architecture.<parameter>`.
 */
export function newArchitecture(
  family: EncoderFamily,
  values: ArchitectureValues,
  vocabularySize: number,
  padTokenId: number,
): Architecture {
  const { layers, width, heads, innerWidth, maxPositions } = values;
  const sizes = { layers, width, heads, innerWidth, maxPositions, vocabularySize };
  // The compiler cannot pair a name with its own values; the record of families does.
  const own = values as never;
  const request = { sizes, headSize: readHeadSize(values), values: own, padTokenId };
  const architecture = familyOf(family).newArchitecture(request);
  return { ...architecture, padTokenId, frozenRow: padTokenId };
}

/** D: given, or the width divided by the heads. */
function readHeadSize(values: ArchitectureValues): number {
  const { width, heads } = values;
  const given = 'headSize' in values ? values.headSize : 0;
  const size = given || width / heads;
  if (!Number.isInteger(size)) throw wrongSize('heads', heads, `a divisor of the width, ${width}`);
  const isRotary = 'ropeTheta' in values;
  if (size > largestHeadSize || (isRotary && size % 2 !== 0)) {
    const [name, value] = given ? ['headSize', given] : ['heads', heads];
    const pairs = isRotary ? ', an even number' : '';
    throw wrongSize(name, value, `heads of at most ${largestHeadSize} channels${pairs}; not ${size}`);
  }
  return size;
}
