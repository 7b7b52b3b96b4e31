/** Options that derive from catalog rows. */
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addCatalogOptions, givenParameters } from '../../src/cli/catalog-options.ts';
import { importerCatalog } from '../../src/data/importers/catalog.ts';
import { fusionCatalog } from '../../src/fusion/catalog.ts';
import { encoderCatalog } from '../../src/model/families/catalog.ts';

function parse(catalog: Parameters<typeof addCatalogOptions>[1], words: readonly string[]) {
  const command = addCatalogOptions(new Command(), catalog)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return givenParameters(catalog, command.parse(words, { from: 'user' }).opts());
}

describe('options of a catalog', () => {
  it('give nothing where nothing is given: the server knows the defaults', () => {
    expect(parse(encoderCatalog, [])).toEqual({});
  });

  it('give numbers, truth values and choices as the API takes them', () => {
    const words = ['--granularity', 'layer', '--power', '-1.5'];
    expect(parse(fusionCatalog, words)).toEqual({ granularity: 'LAYER', power: -1.5 });
    expect(parse(importerCatalog, ['--random-negatives', '4', '--ignore-identical-ids'])).toEqual({
      randomNegatives: 4,
      ignoreIdenticalIds: true,
    });
    expect(parse(encoderCatalog, ['--causal', 'false', '--key-value-heads', '2'])).toEqual({
      causal: false,
      keyValueHeads: 2,
    });
  });

  it.each([
    ['--granularity', 'atom'],
    ['--power', 'much'],
  ])('refuse %s %s', (...words) => {
    expect(() => parse(fusionCatalog, words)).toThrow(/expected/);
  });

  it('say which rows have a parameter, its range and its default', () => {
    const help = addCatalogOptions(new Command(), encoderCatalog).configureHelp({ helpWidth: 400 }).helpInformation();
    expect(help).toContain('(1 to 96; default 2)');
    expect(help).toContain('defaults modernbert 160000, llama 10000, qwen3 1000000');
    expect(help).toContain('(of llama, qwen3; default true)');
  });
});
