import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CatalogEntry } from '../../src/catalog.ts';
import { addCatalogOptions, givenParameters } from '../../src/cli/catalog-options.ts';
import { addCheckpointCommands } from '../../src/cli/commands/checkpoints.ts';
import { addDataCommands } from '../../src/cli/commands/data.ts';
import { addModelCommands } from '../../src/cli/commands/models.ts';
import { importerCatalog } from '../../src/data/importers/catalog.ts';
import { fusionCatalog } from '../../src/fusion/catalog.ts';
import { encoderCatalog } from '../../src/model/families/catalog.ts';

const row = (name: string, parameters: CatalogEntry['parameters']): CatalogEntry => ({
  ...{ name, title: name, description: 'A row.', source: 'this test', parameters },
});
const rate = { name: 'decayRate', description: 'How fast.', type: 'float', min: -1, max: 1 } as const;
const shape = {
  name: 'shape',
  description: 'The form.',
  type: 'choice',
  default: 'round',
  choices: ['round', 'half-open'],
} as const;
const catalog = [
  row('one', [
    { ...rate, default: 0.5 },
    { name: 'steps', description: 'How many.', type: 'int', default: 3, min: 0, max: 9 },
    shape,
  ]),
  row('two', [
    { ...rate, default: 0.25 },
    { name: 'fast', description: 'In a hurry.', type: 'boolean', default: false },
    { name: 'exact', description: 'To the bit.', type: 'boolean', default: true },
  ]),
];

/** A command with the options of the catalog, after it has read the arguments. */
function parse(...args: string[]): Command {
  const command = new Command('try').exitOverride().configureOutput({ writeErr: () => {} });
  return addCatalogOptions(command, catalog).parse(args, { from: 'user' });
}

describe('options from a catalog', () => {
  it('says description, range, default and rows of every parameter', () => {
    const described = Object.fromEntries(parse().options.map(({ flags, description }) => [flags, description]));
    expect(described).toEqual({
      '--decay-rate <x>': 'How fast (a number from -1 to 1; default 0.5 of one, 0.25 of two)',
      '--steps <n>': 'How many (a whole number from 0 to 9; default 3; of one)',
      '--shape <name>': 'The form (default round; of one)',
      '--fast': 'In a hurry (default false; of two)',
      '--no-exact': 'false for: To the bit (default true; of two)',
    });
  });

  it('collects what is given, and only that, as the API takes it', () => {
    expect(givenParameters(parse(), catalog)).toEqual({});
    const args = ['--decay-rate', '-0.5', '--steps', '0', '--shape', 'half-open', '--fast', '--no-exact'];
    expect(givenParameters(parse(...args), catalog)).toEqual({
      ...{ decayRate: -0.5, steps: 0, shape: 'HALF_OPEN', fast: true, exact: false },
    });
  });

  it('gives numbers, truth values and choices of the real catalogs as the API takes them', () => {
    const given = (rows: readonly CatalogEntry[], ...words: string[]) =>
      givenParameters(addCatalogOptions(new Command(), rows).parse(words, { from: 'user' }), rows);
    expect(given(fusionCatalog, '--granularity', 'layer', '--power', '-1.5')).toEqual({
      ...{ granularity: 'LAYER', power: -1.5 },
    });
    expect(given(importerCatalog, '--random-negatives', '4', '--ignore-identical-ids')).toEqual({
      ...{ randomNegatives: 4, ignoreIdenticalIds: true },
    });
    expect(given(encoderCatalog, '--no-causal', '--key-value-heads', '2')).toEqual({
      ...{ causal: false, keyValueHeads: 2 },
    });
  });

  it('lets an argument follow an option without a value', () => {
    const command = addCatalogOptions(new Command().argument('<path>'), importerCatalog);
    expect(command.parse(['--ignore-identical-ids', 'a-folder'], { from: 'user' }).args).toEqual(['a-folder']);
  });

  it.each([
    ['--steps', '1.5', 'expected a whole number'],
    ['--steps', '', 'expected a whole number'],
    ['--decay-rate', 'fast', 'expected a number'],
    ['--shape', 'square', 'Allowed choices are round, half-open'],
  ])('refuses %s "%s"', (flag, value, message) => {
    expect(() => parse(flag, value)).toThrow(message);
  });

  it.each([
    ['fuse', addCheckpointCommands, fusionCatalog],
    ['import', addDataCommands, importerCatalog],
    ['create-model', addModelCommands, encoderCatalog],
  ])('%s has an option for every parameter of its catalog', (name, add, rows: readonly CatalogEntry[]) => {
    const program = new Command();
    add(program);
    const command = program.commands.find((candidate) => candidate.name() === name);
    const options = command?.options.map((option) => option.attributeName());
    expect(options).toEqual(expect.arrayContaining(rows.flatMap((entry) => entry.parameters.map((p) => p.name))));
  });
});
