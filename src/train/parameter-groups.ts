/** Which parameters a run trains, and with which rates: its groups applied to the names of a model's parameters. */
import { badInput, type TandemError } from '../errors.ts';
import { exportedName, matchesGlob } from '../model/parameter-names.ts';
import { modelParameters, type ParameterSpec } from '../model/pipeline.ts';
import type { OptimizerSettings, ParameterGroup } from './catalog.ts';

export interface TrainedGroups {
  /** The place of a parameter's rates in `rates`; null = it is frozen. By its name inside Tandem. */
  readonly groupOf: (name: string) => number | null;
  /** The highest learning rate and the weight decay; groups with the same ones are one. */
  readonly rates: readonly { readonly learningRate: number; readonly weightDecay: number }[];
  /** Blocks before the first one to which a gradient goes back. */
  readonly frozenBlocks: number;
}

const field = 'input.settings.optimizer.groups';

/**
 * The groups of a model's parameters: of each the first whose glob matches its exported name, else the optimizer's own
 * rates. Throws a BAD_USER_INPUT for a glob without a match, for rates of a frozen group, and where nothing is left to
 * train.
 */
export function groupParameters(spec: ParameterSpec, optimizer: OptimizerSettings): TrainedGroups {
  const { groups } = optimizer;
  const parameters = modelParameters(spec);
  groups.forEach((group, index) => {
    checkGroup(group, index, parameters[0]!.name, (glob) =>
      parameters.some(({ name }) => matchesGlob(glob, exportedName(name))),
    );
  });
  const rates: TrainedGroups['rates'][number][] = [];
  const placeOf = new Map<string, number | null>();
  for (const { name } of parameters) {
    const group = groups.find((each) => matchesGlob(each.parameters, exportedName(name)));
    placeOf.set(name, group?.frozen ? null : place(rates, ratesOf(optimizer, group)));
  }
  if (rates.length === 0) {
    throw badInput('The groups freeze every parameter of the model', {
      field,
      expected: 'a parameter that is trained',
      remedy: 'Narrow the globs of the frozen groups, or put a group of the parameters to train before them.',
    });
  }
  const trained = parameters.filter(({ name }) => placeOf.get(name) !== null);
  const frozenBlocks = Math.min(...trained.map(({ group }) => blockOf(group, spec.architecture.layers)));
  return { groupOf: (name) => placeOf.get(name) ?? null, rates, frozenBlocks };
}

/**
 * Throws a BAD_USER_INPUT where a run is to keep the optimizer state of one that trained other parameters of the same
 * model.
 */
export function checkSameTrained(spec: ParameterSpec, optimizer: OptimizerSettings, before: OptimizerSettings): void {
  const [now, then] = [groupParameters(spec, optimizer), groupParameters(spec, before)];
  const isTrained = ({ groupOf }: TrainedGroups, name: string): boolean => groupOf(name) !== null;
  const other = modelParameters(spec).find(({ name }) => isTrained(now, name) !== isTrained(then, name));
  if (other) throw stateOfOthers(other.name);
}

/** `parameter` has moments in the state and none in the run, or the other way round. */
export const stateOfOthers = (parameter: string): TandemError =>
  badInput(`The optimizer state is that of other trained parameters: they differ in ${exportedName(parameter)}`, {
    field: 'input.settings.optimizerState',
    expected: 'a state of a run that trained the same parameters',
    remedy: 'Set settings.optimizerState to FRESH, or train the same parameters.',
  });

function checkGroup(
  { parameters, learningRate, weightDecay, frozen }: ParameterGroup,
  index: number,
  example: string,
  isMatched: (glob: string) => boolean,
): void {
  if (!isMatched(parameters)) {
    throw badInput(`No parameter of the model matches "${parameters}"`, {
      field: `${field}.${index}.parameters`,
      expected: `a glob over the names in the model's model.safetensors, such as ${example}`,
      remedy: 'Correct the glob: * stands for any characters, ? for one.',
    });
  }
  if (!frozen || (learningRate === null && weightDecay === null)) return;
  throw badInput(`The group of "${parameters}" is frozen and has a rate`, {
    field: `${field}.${index}.frozen`,
    expected: 'neither learningRate nor weightDecay in a frozen group',
    remedy: 'Leave frozen or the rate out.',
  });
}

const ratesOf = (optimizer: OptimizerSettings, group: ParameterGroup | undefined): TrainedGroups['rates'][number] => ({
  learningRate: group?.learningRate ?? optimizer.learningRate,
  weightDecay: group?.weightDecay ?? optimizer.weightDecay,
});

/** The place of rates in a list, to which they are added if it lacks them. */
function place(rates: TrainedGroups['rates'][number][], wanted: TrainedGroups['rates'][number]): number {
  const found = rates.findIndex(
    ({ learningRate, weightDecay }) => learningRate === wanted.learningRate && weightDecay === wanted.weightDecay,
  );
  return found >= 0 ? found : rates.push(wanted) - 1;
}

/** The blocks before a group of a family's table: none before the embeddings, all before what follows the blocks. */
function blockOf(group: string, layers: number): number {
  if (group === 'embeddings') return 0;
  const [, block] = /^layer\.(\d+)$/.exec(group) ?? [];
  return block === undefined ? layers : Number(block);
}
