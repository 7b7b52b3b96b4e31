/**
 * The methods of mergekit in the words of a fusion plan: to the same formula, or refused by name. Where its formulas
 * guard against small numbers by an absolute epsilon, ours do not (docs/fusion.md lists the differences).
 */
import { badInput, type TandemError } from '../../../errors.ts';
import type { FusionPlan } from '../../../fusion/types.ts';
import { type MergekitDocument, readDocument, type Settings } from './document.ts';

export interface MergekitFusion {
  /** The models to merge, in the order of the plan's checkpoints. */
  readonly models: readonly Place[];
  /** Name of what the deltas are taken from; null = the method takes none. */
  readonly base: string | null;
  readonly plan: FusionPlan;
}

/** `field` is the path of the text in the input. Throws a BAD_USER_INPUT for what has no counterpart here. */
export function readMergekit(text: string, field: string): MergekitFusion {
  const document = readDocument(text, field);
  const translate = methods.get(document.method);
  if (translate !== undefined) return translate({ ...document, field });
  throw badInput(`mergekit's method "${document.method.slice(0, 60)}" is not read`, {
    field: `${field}.merge_method`,
    expected: `one of ${[...methods.keys()].join(', ')}`,
    remedy: 'Choose one of these, or write a plan.',
  });
}

interface Merge extends MergekitDocument {
  readonly field: string;
}

const methods: ReadonlyMap<string, (merge: Merge) => MergekitFusion> = new Map([
  ['linear', linear],
  ['slerp', slerp],
  ['task_arithmetic', taskArithmetic],
  ['ties', ties],
  ['sce', sce],
  ['model_stock', modelStock],
]);

// ---- methods -----------------------------------------------------------------------------------------------------

/** Sum of w_k theta_k / sum of w_k; not divided where `normalize` is false. The base is a model like others. */
function linear(merge: Merge): MergekitFusion {
  checkNames(merge, ['weight'], ['normalize']);
  const models = modelsOf(merge, null);
  if (merge.base !== null && !models.some(({ name }) => name === merge.base)) {
    throw refused(merge, 'base_model', 'linear takes no base model beside its models', 'a model of the list, or none');
  }
  const weights = weightsOf(merge, models);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!truth(merge, 'normalize', true) && sum !== 1) {
    throw refused(
      merge,
      'parameters.normalize',
      `normalize is false and the weights sum to ${sum}`,
      'weights of sum 1',
    );
  }
  return fusionOf(models, null, { method: 'linear', parameters: {} }, weights);
}

/** From the base at t = 0 to the other model at t = 1. */
function slerp(merge: Merge): MergekitFusion {
  checkNames(merge, [], ['t']);
  const base = requireBase(merge);
  const [other, ...more] = modelsOf(merge, base);
  if (other === undefined || more.length > 0) {
    const count = `slerp is given ${more.length + (other ? 1 : 0)} models beside the base`;
    throw refused(merge, 'models', count, 'the base and one other model');
  }
  const t = numberOf(merge, merge.parameters, 't');
  if (t < 0 || t > 1) throw refused(merge, 'parameters.t', `t is ${t}`, 'a number from 0 to 1');
  const models = [{ name: base, field: `${merge.field}.base_model` }, other];
  return fusionOf(models, null, { method: 'slerp', parameters: { of: 'weights' } }, [1 - t, t]);
}

/** Base + lambda * sum of w_k delta_k; with `normalize` the weights are divided by their sum where it is not near 0. */
function taskArithmetic(merge: Merge): MergekitFusion {
  checkNames(merge, ['weight'], ['lambda', 'normalize', 'int8_mask']);
  const base = requireBase(merge);
  const models = modelsOf(merge, base);
  const weights = weightsOf(merge, models);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const divisor = truth(merge, 'normalize', false) && Math.abs(sum) >= 1e-8 ? sum : 1;
  const plan = { method: 'task-arithmetic', parameters: lambdaOf(merge) } as const;
  return fusionOf(
    models,
    base,
    plan,
    weights.map((weight) => weight / divisor),
  );
}

/** The largest of each delta, those that agree with the sign of their weighted sum, divided by their weights. */
function ties(merge: Merge): MergekitFusion {
  checkNames(merge, ['weight', 'density'], ['lambda', 'normalize', 'rescale', 'int8_mask']);
  const base = requireBase(merge);
  const models = modelsOf(merge, base);
  if (!truth(merge, 'normalize', true)) throw only(merge, 'normalize', false);
  if (truth(merge, 'rescale', false)) throw only(merge, 'rescale', true);
  const parameters = { density: densityOf(merge, models), ...lambdaOf(merge) };
  return fusionOf(models, base, { method: 'ties', parameters }, weightsOf(merge, models));
}

function sce(merge: Merge): MergekitFusion {
  checkNames(merge, [], ['select_topk', 'int8_mask']);
  const base = requireBase(merge);
  const density = numberOf(merge, { select_topk: 1, ...merge.parameters }, 'select_topk');
  return fusionOf(modelsOf(merge, base), base, { method: 'sce', parameters: { density } });
}

function modelStock(merge: Merge): MergekitFusion {
  checkNames(merge, [], ['filter_wise']);
  const base = requireBase(merge);
  if (truth(merge, 'filter_wise', false)) throw only(merge, 'filter_wise', true);
  return fusionOf(modelsOf(merge, base), base, { method: 'model-stock', parameters: {} });
}

// ---- models ------------------------------------------------------------------------------------------------------

interface Place {
  readonly name: string;
  /** Path of the name in the input. */
  readonly field: string;
}

interface MergedModel extends Place {
  /** Its own parameters, and those of the whole merge where it has none. */
  readonly settings: Settings;
  /** Path of its parameters in the text. */
  readonly at: string;
}

/** The models without the base, which mergekit passes over where it is among them. */
const modelsOf = ({ models, parameters, field }: Merge, base: string | null): MergedModel[] =>
  models
    .map(({ name, parameters: own }, i) => ({
      ...{ name, field: `${field}.models.${i}.model` },
      ...{ settings: { ...parameters, ...own }, at: `models.${i}.parameters` },
    }))
    .filter(({ name }) => name !== base);

function fusionOf(
  models: readonly Place[],
  base: string | null,
  plan: Pick<FusionPlan, 'method' | 'parameters'>,
  weights?: readonly number[],
): MergekitFusion {
  const merged = models.map(({ name, field }) => ({ name, field }));
  return { models: merged, base, plan: { ...plan, ...(weights && { weights }) } };
}

function requireBase(merge: Merge): string {
  if (merge.base !== null) return merge.base;
  throw refused(merge, 'base_model', `${merge.method} has no base_model`, 'the name of the base');
}

// ---- parameters --------------------------------------------------------------------------------------------------

/** Refuses parameters that mergekit would pass over: per model, and of the whole, which stand for all models too. */
function checkNames({ method, models, parameters, field }: Merge, ofModel: string[], ofMerge: string[]): void {
  const check = (settings: Settings, names: readonly string[], at: string): void => {
    const other = Object.keys(settings).find((name) => !names.includes(name));
    if (other === undefined) return;
    throw badInput(`"${other.slice(0, 60)}" has no effect here: ${method} does not take it`, {
      field: `${at}.${other}`,
      expected: names.length === 0 ? 'no parameters' : `only ${names.join(', ')}`,
      remedy: 'Leave it out.',
    });
  };
  check(parameters, [...ofModel, ...ofMerge], `${field}.parameters`);
  for (const [i, model] of models.entries()) check(model.parameters, ofModel, `${field}.models.${i}.parameters`);
}

const weightsOf = (merge: Merge, models: readonly MergedModel[]): number[] =>
  models.map(({ settings, at }) => numberOf(merge, settings, 'weight', at));

/** What share of each delta is kept: mergekit has one for each model, the plan one for all. */
function densityOf(merge: Merge, models: readonly MergedModel[]): number {
  const densities = models.map(({ settings, at }) => numberOf(merge, { density: 1, ...settings }, 'density', at));
  const [first = 1] = densities;
  if (densities.every((density) => density === first)) return first;
  throw refused(merge, 'models', `The densities ${densities.join(', ')} differ`, 'one density for all models');
}

const lambdaOf = (merge: Merge): { readonly lambda?: number } =>
  merge.parameters['lambda'] === undefined ? {} : { lambda: numberOf(merge, merge.parameters, 'lambda') };

/** `at` is the path of the settings in the text. */
function numberOf(merge: Merge, settings: Settings, name: string, at = 'parameters'): number {
  const value = settings[name];
  if (typeof value === 'number') return value;
  throw refused(merge, `${at}.${name}`, `${name} is ${value ?? 'missing'}`, 'a number');
}

function truth(merge: Merge, name: string, standard: boolean): boolean {
  const value = merge.parameters[name] ?? standard;
  if (typeof value === 'boolean') return value;
  throw refused(merge, `parameters.${name}`, `${name} is ${value}`, 'true or false');
}

const only = (merge: Merge, name: string, value: boolean): TandemError =>
  refused(merge, `parameters.${name}`, `${merge.method} with ${name} ${value} is not done here`, String(!value));

const refused = ({ field }: Merge, path: string, message: string, expected: string): TandemError =>
  badInput(message, { field: `${field}.${path}`, expected, remedy: `Give ${expected}.` });
