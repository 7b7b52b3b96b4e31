/** The options of `tandem fuse` as the API's input: checkpoints and a method, or a file that says both. */
import type { Command } from 'commander';
import { enumValueOf } from '../catalog.ts';
import type { FuseCheckpointsInput, FusionMethod, FusionParametersInput, TandemClient } from '../client/index.ts';
import { badInput } from '../errors.ts';
import { fusionCatalog } from '../fusion/catalog.ts';
import { givenParameters } from './catalog-options.ts';
import { checkpointId } from './lookup.ts';
import { readPlanFile, readText } from './plan-file.ts';

export interface FuseOptions {
  readonly checkpoint?: readonly string[];
  readonly base?: string;
  readonly weights?: number[];
  readonly method?: string;
  readonly plan?: string;
  readonly mergekit?: string;
  readonly map?: readonly string[];
}

const flatOptions = ['checkpoint', 'method', 'weights'] as const;

export async function fuseInput(
  client: TandemClient,
  options: FuseOptions,
  command: Command,
): Promise<FuseCheckpointsInput> {
  const idOf = (name: string): Promise<string> => checkpointId(client, name);
  const parameters = givenParameters<FusionParametersInput>(command, fusionCatalog);
  const base = options.base === undefined ? {} : { base: { id: await idOf(options.base) } };
  if (options.mergekit !== undefined) {
    refuseBeside([...flatOptions, 'plan', 'base'], options, parameters);
    return {
      mergekit: { text: await readText(options.mergekit), models: await mappedModels(options.map ?? [], idOf) },
    };
  }
  if (options.map !== undefined) throw notOne('--map', 'there is no configuration whose models it names');
  if (options.plan !== undefined) {
    refuseBeside(flatOptions, options, parameters);
    const file = await readPlanFile(options.plan, idOf);
    return { ...(file.base !== undefined && { base: { id: await idOf(file.base) } }), ...base, plan: file.plan };
  }
  if (options.checkpoint === undefined) throw notOne('--checkpoint', 'no checkpoints are named');
  return {
    checkpoints: await Promise.all(options.checkpoint.map(idOf)),
    ...base,
    method: enumValueOf(options.method ?? 'delta-guided') as FusionMethod,
    ...(options.weights && { weights: options.weights }),
    parameters,
  };
}

/** `NAME=CHECKPOINT`, of which the name may hold further signs of equality. */
async function mappedModels(pairs: readonly string[], idOf: (name: string) => Promise<string>) {
  const models: { readonly name: string; readonly checkpoint: { readonly id: string } }[] = [];
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    if (at <= 0) throw badInput(`--map ${pair} has no "="`, { field: '--map', expected: 'NAME=CHECKPOINT' });
    models.push({ name: pair.slice(0, at), checkpoint: { id: await idOf(pair.slice(at + 1)) } });
  }
  return models;
}

/** Refuses options that say what a file says. */
function refuseBeside(names: readonly (keyof FuseOptions)[], options: FuseOptions, parameters: object): void {
  const [beside] = [...names.filter((name) => options[name] !== undefined), ...Object.keys(parameters)];
  if (beside !== undefined) throw notOne(`--${beside}`, 'the file says how to fuse which checkpoints');
}

const notOne = (field: string, message: string) =>
  badInput(message, {
    field,
    expected: '--checkpoint with a method, --plan with a file, or --mergekit with a file',
    remedy: 'Give one of these.',
  });
