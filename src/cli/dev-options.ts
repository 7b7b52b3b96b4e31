/** The options that say by which dev sets a run, or a search for a fusion, is judged, and when a run is evaluated. */
import { type Command, Option } from 'commander';
import type { DevSetInput, DevSettingsInput, TandemClient } from '../client/index.ts';
import { datasetId } from './lookup.ts';
import { collect, realNumber, wholeNumber, withSplit } from './values.ts';

/** `what` is done with a dev set; `irWeight`: its share where none is given. */
export function addDevSetOptions(command: Command, what: string, irWeight: string): Command {
  return command
    .option('--dev <dataset[:split]>', `${what}; its dev split, or the one named (repeatable)`, collect)
    .option('--dev-pooled <dataset[:split]>', 'the same, searching a pooled corpus only (repeatable)', collect)
    .option('--ir-weight <x>', `share of search in the dev score (default ${irWeight})`, realNumber);
}

export function addDevOptions(command: Command): void {
  addDevSetOptions(command, 'evaluate on it while training', "0.5; of a run of one task that task's")
    .addOption(
      new Option('--evaluate-every-steps <n>', 'steps between evaluations besides those at checkpoints').argParser(
        wholeNumber,
      ),
    )
    .option('--patience <n>', 'end after so many evaluations in a row without a better dev score', wholeNumber)
    .option('--min-delta <x>', 'how far above the best a dev score must be to be better (default 0)', realNumber);
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
    ...(irWeight !== undefined && { weights: jointWeights(irWeight) }),
  };
  return Object.keys(given).length > 0 ? given : undefined;
}

export const jointWeights = (ir: number) => ({ ir, sts: 1 - ir });

/** The dev sets that the command line names, those with a pooled corpus last. */
export function givenDevSets(client: TandemClient, command: Command): Promise<DevSetInput[]> {
  const { dev = [], devPooled = [] } = command.opts<DevOptions>();
  const find = async (text: string, pooled: boolean): Promise<DevSetInput> => {
    const { name, split } = withSplit(text);
    return { dataset: await datasetId(client, name), pooled, ...(split && { split }) };
  };
  return Promise.all([...dev.map((text) => find(text, false)), ...devPooled.map((text) => find(text, true))]);
}
