/** The shape of every parameter of an encoder, expanded from its family's table (families/<name>.ts). */
import { headSizeOf, keyValueHeadsOf } from './architecture.ts';
import type { EncoderFamily } from './families/catalog.ts';
import type { Axis, Condition, ParameterRow } from './families/family.ts';
import { familyOf } from './families/index.ts';
import type { Architecture, ParameterShape } from './types.ts';

/** Every parameter of an encoder, in forward order: embeddings, then block by block, then the final norm. */
export function encoderParameters(family: EncoderFamily, architecture: Architecture): ParameterShape[] {
  const { embeddings, block, blockPrefix, final } = familyOf(family).parameters;
  const size = axisSizes(architecture);
  const expand = (rows: readonly ParameterRow[], prefix: string, group: string, layer = 0): ParameterShape[] =>
    rows
      .filter(([, , , when]) => holds(when, architecture, layer))
      .map(([name, axes, init]) => {
        const shape = axes.map((axis) => size[axis]);
        const parts = partsOf[axes[0]!];
        return { name: prefix + name, shape, init, group, ...(parts !== undefined && { parts }) };
      });
  const blocks = Array.from({ length: architecture.layers }, (_, i) =>
    expand(block, blockPrefix.replace('{i}', String(i)), `layer.${i}`, i),
  );
  return [...expand(embeddings, '', 'embeddings'), ...blocks.flat(), ...expand(final, '', 'final')];
}

/** Number of values of a shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1);

/** By the axis of its rows: the parts in which a tensor is used. */
const partsOf: Partial<Readonly<Record<Axis, ParameterShape['parts']>>> = { V: 'rows', '3C': 3, '2F': 2 };

function holds(condition: Condition | undefined, architecture: Architecture, layer: number): boolean {
  switch (condition) {
    case undefined:
      return true;
    case 'not-first':
      return layer > 0;
    case 'normBias, not-first':
      return layer > 0 && architecture.normBias === true;
    default:
      return architecture[condition] === true;
  }
}

function axisSizes(architecture: Architecture): Readonly<Record<Axis, number>> {
  const { width: C, innerWidth: F, heads } = architecture;
  const D = headSizeOf(architecture);
  return {
    C,
    F,
    V: architecture.vocabularySize,
    P: architecture.maxPositions,
    S: architecture.typeVocabularySize,
    D,
    Q: heads * D,
    K: keyValueHeadsOf(architecture) * D,
    '3C': 3 * C,
    '2F': 2 * F,
  };
}
