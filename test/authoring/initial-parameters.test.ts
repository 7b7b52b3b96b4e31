import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../src/authoring/initial-parameters.ts';
import { elementCount, encoderParameters } from '../../src/model/parameter-shapes.ts';
import { fillNormal } from '../../src/random/normal.ts';
import { tinyArchitecture } from '../formats/tiny-model.ts';

describe('initial parameters', () => {
  it('are those of a BERT, block by block', () => {
    const parameters = encoderParameters('bert', tinyArchitecture);
    expect(parameters).toHaveLength(5 + 16 * tinyArchitecture.layers);
    const total = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const { width: C, innerWidth: F, vocabularySize: V, maxPositions: P, layers: L } = tinyArchitecture;
    expect(total).toBe((V + P + 2) * C + 2 * C + L * (4 * (C * C + C) + 2 * C * F + F + C + 4 * C));
    expect(parameters.at(-1)).toMatchObject({ name: 'encoder.layer.1.output.LayerNorm.bias', group: 'layer.1' });
    expect(new Set(parameters.map(({ group }) => group))).toEqual(new Set(['embeddings', 'layer.0', 'layer.1']));
  });

  it('are normal with deviation 0.02, ones, zeros, and a padding row of zeros', () => {
    const sizes = { ...tinyArchitecture, vocabularySize: 5000 };
    const spec = { family: 'bert', architecture: sizes, pooling: 'mean', heads: { ir: 'none', sts: 'dense' } } as const;
    const byName = new Map([...initialParameters(spec, 7)].map(({ name, data }) => [name, data]));
    const words = byName.get('embeddings.word_embeddings.weight')!;
    expect([...words.subarray(0, sizes.width)].every((value) => value === 0)).toBe(true);
    const drawn = words.subarray(sizes.width);
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length);
    expect(Math.abs(mean)).toBeLessThan(4 * (0.02 / Math.sqrt(drawn.length)));
    expect(Math.abs(deviation - 0.02)).toBeLessThan(4 * (0.02 / Math.sqrt(2 * drawn.length)));
    const beyond = drawn.filter((value) => Math.abs(value) > 0.04).length / drawn.length;
    expect(beyond).toBeGreaterThan(0.041);
    expect(beyond).toBeLessThan(0.05);
    expect(new Set(byName.get('encoder.layer.0.output.LayerNorm.weight'))).toEqual(new Set([1]));
    expect(new Set(byName.get('encoder.layer.0.attention.self.query.bias'))).toEqual(new Set([0]));
    const head = byName.get('heads.sts.linear.weight')!;
    expect([...head]).toEqual(Array.from(head, (_, i) => (i % (sizes.width + 1) === 0 ? 1 : 0)));
  });

  it('depend on seed and name only', () => {
    const draw = (seed: number, name: string): number[] => {
      const values = new Float32Array(5);
      fillNormal(values, seed, name, 1);
      return [...values];
    };
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    // Frozen: a model made from a seed stays the same model in later versions.
    expect(draw(1, 'a')).toMatchInlineSnapshot(`
      [
        -0.13252335786819458,
        1.11410653591156,
        0.01927153579890728,
        1.586435079574585,
        -1.1913853883743286,
      ]
    `);
  });
});
