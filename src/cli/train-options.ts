/**
 * The options of `tandem train` that are settings of the run. What is not given is not sent: the service completes it.
 */
import { type Command, Option } from 'commander';
import { enumValueOf } from '../catalog.ts';
import type { RunSettingsInput } from '../client/index.ts';
import { samplerCatalog } from '../data/samplers/catalog.ts';
import { missingNegativesCatalog } from '../tokens/catalog.ts';
import { defaultRunSettings, optimizerStates } from '../train/catalog.ts';
import { presetCatalog } from '../train/presets/catalog.ts';
import { flagOf } from './catalog-options.ts';
import { addDevOptions, givenDevSettings } from './dev-options.ts';
import { matryoshkaLevels, realNumber, wholeNumber } from './values.ts';

type Name<Settings> = Extract<keyof Settings, string>;
interface Row<Settings> {
  readonly name: Name<Settings>;
  readonly description: string;
}

const counts: readonly Row<RunSettingsInput>[] = [
  { name: 'epochs', description: 'passes over the data' },
  { name: 'maxBatches', description: 'stop after so many updates' },
  { name: 'seed', description: 'seed of everything random' },
  { name: 'irBatchSize', description: 'queries of one global batch of search data; of all data but with dynamic' },
  { name: 'stsBatchSize', description: 'pairs of one global batch of similarity data, with the sampler dynamic' },
  { name: 'shardsPerUpdate', description: 'shards of an update of the sampler mixed' },
  { name: 'positives', description: 'positives drawn for each query' },
  { name: 'negatives', description: 'hard negatives drawn for each query' },
  { name: 'maxLength', description: 'tokens at which texts are cut; at most what the model reads, if that is less' },
  { name: 'microBatchTokens', description: 'tokens on the device at once; changes memory, not results' },
  { name: 'checkpointEverySteps', description: 'steps between checkpoints besides those at the end of an epoch' },
];
const reals: readonly Row<RunSettingsInput>[] = [
  { name: 'sizeExponent', description: 'power of the size in the share of a data set: 1 by size, 0 equal' },
  { name: 'dropout', description: "probability of dropping an activation (default: the model's own)" },
  { name: 'attentionDropout', description: "probability of dropping an attention weight (default: the model's own)" },
];
const flags: readonly Row<RunSettingsInput>[] = [
  { name: 'equalBatchesPerTask', description: 'as many batches of search data as of similarity data' },
  { name: 'distinctTexts', description: 'no text twice in a batch of search data' },
  {
    name: 'recomputeActivations',
    description: 'less memory for more time: blocks are computed again on the way back',
  },
];
const optimizer: readonly Row<NonNullable<RunSettingsInput['optimizer']>>[] = [
  { name: 'learningRate', description: 'highest learning rate' },
  { name: 'weightDecay', description: 'decoupled weight decay' },
  { name: 'warmupRatio', description: 'share of the updates in which the learning rate rises' },
];

/** Settings that are names. */
const choices: readonly (Row<RunSettingsInput> & { readonly choices: readonly string[] })[] = [
  {
    name: 'preset',
    description: `settings that belong together (default ${defaultRunSettings.preset}); other options override it`,
    choices: presetCatalog.map(({ name }) => name),
  },
  { name: 'sampler', description: 'how batches are drawn', choices: samplerCatalog.map(({ name }) => name) },
  {
    name: 'missingNegatives',
    description: `what stands for the negatives of a query without any (default ${defaultRunSettings.missingNegatives})`,
    choices: missingNegativesCatalog.map(({ name }) => name),
  },
  {
    name: 'optimizerState',
    description: "begin with AdamW's moments of zero, or keep the checkpoint's",
    choices: optimizerStates,
  },
];

function option({ name, description }: Row<object>, defaults: object, parse: (text: string) => number): Option {
  const value = (defaults as Readonly<Record<string, unknown>>)[name];
  const shown = value === null || value === undefined ? description : `${description} (default ${value})`;
  return new Option(`--${flagOf(name)} <${parse === wholeNumber ? 'n' : 'x'}>`, shown).argParser(parse);
}

export function addTrainOptions(command: Command): Command {
  for (const row of counts) command.addOption(option(row, defaultRunSettings, wholeNumber));
  command.option('--batch-size <n>', 'both batch sizes, where only this is given', wholeNumber);
  for (const row of reals) command.addOption(option(row, defaultRunSettings, realNumber));
  for (const { name, description } of flags) command.option(`--${flagOf(name)}`, description);
  for (const row of optimizer) command.addOption(option(row, defaultRunSettings.optimizer, realNumber));
  for (const { name, description, choices: names } of choices) {
    command.addOption(new Option(`--${flagOf(name)} <name>`, description).choices(names));
  }
  command.option(
    '--matryoshka <dimensions>',
    'dimensions at which the losses are computed, as 256,128 or with weights 256,128:0.5',
    matryoshkaLevels,
  );
  addDevOptions(command);
  const freeze = "parameters to leave as they are, by their names in the model's model.safetensors";
  command.addOption(new Option('--freeze <glob...>', freeze));
  return command;
}

/** The settings that the command line gives, over those of a file. */
export function givenSettings(command: Command, file: RunSettingsInput): RunSettingsInput {
  const valuesOf = (rows: readonly Row<object>[]): object =>
    Object.fromEntries(rows.flatMap(({ name }) => (isGiven(name) ? [[name, command.getOptionValue(name)]] : [])));
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const matryoshka: RunSettingsInput['matryoshka'] = command.getOptionValue('matryoshka');
  const batch: number | undefined = command.getOptionValue('batchSize');
  const chosen = choices
    .filter(({ name }) => isGiven(name))
    .map(({ name }) => [name, enumValueOf(command.getOptionValue(name))] as const);
  const dev = givenDevSettings(command);
  const frozen: readonly string[] = command.getOptionValue('freeze') ?? [];
  const groups = frozen.map((parameters) => ({ parameters, frozen: true }));
  const ofOptimizer = {
    ...valuesOf(optimizer),
    // The first group that a parameter matches counts: those of the command line go before those of the file.
    ...(groups.length > 0 && { groups: [...groups, ...(file.optimizer?.groups ?? [])] }),
  };
  return {
    ...file,
    ...(batch !== undefined && { irBatchSize: batch, stsBatchSize: batch }),
    ...valuesOf([...counts, ...reals, ...flags]),
    ...Object.fromEntries(chosen),
    ...(matryoshka !== undefined && { matryoshka }),
    ...(Object.keys(ofOptimizer).length > 0 && { optimizer: { ...file.optimizer, ...ofOptimizer } }),
    ...(dev && { dev: { ...file.dev, ...dev } }),
  };
}
