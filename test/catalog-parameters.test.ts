/** Catalog parameters from a caller. */
import { describe, expect, it } from 'vitest';
import { parametersOf, readParameters, rowOf } from '../src/catalog-parameters.ts';
import { fusionCatalog } from '../src/fusion/catalog.ts';
import { lossCatalog } from '../src/nn/losses/catalog.ts';

const soup = rowOf(fusionCatalog, 'uniform-soup', 'method');
const guided = rowOf(fusionCatalog, 'delta-guided', 'method');

describe('parameters of a catalog row', () => {
  it('take their defaults', () => {
    expect(readParameters(guided, {}, 'p')).toEqual({ granularity: 'tensor', power: 1, lambda: 1 });
    expect(readParameters(guided, { power: 0, lambda: null }, 'p')).toMatchObject({ power: 0, lambda: 1 });
    expect(readParameters(soup, { power: undefined }, 'p')).toEqual({});
  });

  it('are refused where the row has none of that name', () => {
    expect(() => readParameters(soup, { power: 1 }, 'input.parameters')).toThrow(
      'UNIFORM_SOUP has no parameter "power"',
    );
  });

  it.each([
    { power: 9 },
    { power: Number.NaN },
    { power: Infinity },
    { granularity: 'atom' },
    { lambda: '1' },
    { power: true },
  ])('are refused out of range: %j', (given) => {
    const [name] = Object.keys(given);
    try {
      readParameters(guided, given, 'input.parameters');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: `input.parameters.${name}` } });
    }
  });

  it('of a whole catalog appear once each', () => {
    const names = parametersOf(lossCatalog).map(({ name }) => name);
    expect(names.filter((name) => name === 'temperature')).toHaveLength(1);
    expect(names).toContain('threshold');
  });
});
