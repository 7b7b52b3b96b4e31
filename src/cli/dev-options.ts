/** The options of `tandem train` that say how a run is evaluated while it trains. */
import { type Command, Option } from 'commander';
import type { DevSetInput, DevSettingsInput, TandemClient } from '../client/index.ts';
import { datasetId } from './lookup.ts';
import { collect, realNumber, wholeNumber, withSplit } from './values.ts';

export function addDevOptions(command: Command): void {
  const set = 'evaluate on it while training; its dev split, or the one named (repeatable)';
  command
    .option('--dev <dataset[:split]>', set, collect)
    .option('--dev-pooled <dataset[:split]>', 'the same, searching a pooled corpus only (repeatable)', collect)
    .addOption(
      new Option('--evaluate-every-steps <n>', 'steps between evaluations besides those at checkpoints').argParser(
        wholeNumber,
      ),
    )
    .option('--patience <n>', 'end after so many evaluations in a row without a better dev score', wholeNumber)
    .option('--min-delta <x>', 'how far above the best a dev score must be to be better (default 0)', realNumber)
    .option(
      '--ir-weight <x>',
      "share of search in the dev score (default 0.5; of a run of one task that task's)",
      realNumber,
    );
}

interface DevOptions {
  readonly dev?: readonly string[];
  readonly devPooled?: readonly string[];
  readonly evaluateEverySteps?: number;
  readonly patience?: number;
  readonly minDelta?: number;
  readonly irWeight?: number;
}

/** The dev settings that the command line gives; undefined = none. */
export function givenDevSettings(command: Command): DevSettingsInput | undefined {
  const { evaluateEverySteps: everySteps, patience, minDelta, irWeight } = command.opts<DevOptions>();
  const given = {
    ...(everySteps !== undefined && { everySteps }),
    ...(patience !== undefined && { patience }),
    ...(minDelta !== undefined && { minDelta }),
    ...(irWeight !== undefined && { weights: { ir: irWeight, sts: 1 - irWeight } }),
  };
  return Object.keys(given).length > 0 ? given : undefined;
}

/** The dev sets that the command line names, those with a pooled corpus last. */
export function givenDevSets(client: TandemClient, command: Command): Promise<DevSetInput[]> {
  const { dev = [], devPooled = [] } = command.opts<DevOptions>();
  const find = async (text: string, pooled: boolean): Promise<DevSetInput> => {
    const { name, split } = withSplit(text);
    return { dataset: await datasetId(client, name), pooled, ...(split && { split }) };
  };
  return Promise.all([...dev.map((text) => find(text, false)), ...devPooled.map((text) => find(text, true))]);
}
