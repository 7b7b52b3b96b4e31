/** The options of `tandem fuse` as the API's input: checkpoints and a method, or a file with a plan. */
import type { Command } from 'commander';
import { enumValueOf } from '../catalog.ts';
import type { FuseCheckpointsInput, FusionMethod, FusionParametersInput, TandemClient } from '../client/index.ts';
import { badInput } from '../errors.ts';
import { fusionCatalog } from '../fusion/catalog.ts';
import { givenParameters } from './catalog-options.ts';
import { checkpointId } from './lookup.ts';
import { readPlanFile } from './plan-file.ts';

export interface FuseOptions {
  readonly checkpoint?: readonly string[];
  readonly base?: string;
  readonly weights?: number[];
  readonly method?: string;
  readonly plan?: string;
}

export async function fuseInput(
  client: TandemClient,
  options: FuseOptions,
  command: Command,
): Promise<FuseCheckpointsInput> {
  const idOf = (name: string): Promise<string> => checkpointId(client, name);
  const baseOf = async (name: string | undefined) => (name === undefined ? {} : { base: { id: await idOf(name) } });
  const parameters = givenParameters<FusionParametersInput>(command, fusionCatalog);
  if (options.plan === undefined) {
    if (options.checkpoint === undefined) throw notOne('--checkpoint', 'no checkpoints are named');
    return {
      checkpoints: await Promise.all(options.checkpoint.map(idOf)),
      ...(await baseOf(options.base)),
      method: enumValueOf(options.method ?? 'delta-guided') as FusionMethod,
      ...(options.weights && { weights: options.weights }),
      parameters,
    };
  }
  const [beside] = [
    ...(['checkpoint', 'method', 'weights'] as const).filter((name) => options[name] !== undefined),
    ...Object.keys(parameters),
  ];
  if (beside !== undefined) throw notOne(`--${beside}`, 'the file says how to fuse which checkpoints');
  const { plan, base } = await readPlanFile(options.plan, idOf);
  return { plan, ...(await baseOf(options.base ?? base)) };
}

const notOne = (field: string, message: string) =>
  badInput(message, {
    field,
    expected: '--checkpoint with a method, or --plan with a file',
    remedy: 'Give one of the two.',
  });
