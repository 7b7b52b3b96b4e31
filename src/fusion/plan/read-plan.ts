/**
 * Reads a plan before anything else is: its size, methods, parameters, counts and weights. What depends on the models,
 * such as globs without a match, is looked at where the models are (scope.ts).
 */
import { enumValueOf } from '../../catalog.ts';
import { readParameters, rowOf } from '../../catalog-parameters.ts';
import { badInput, limitExceeded } from '../../errors.ts';
import { type FusionEntry, fusionCatalog } from '../catalog.ts';
import type { FusionPlan } from '../types.ts';
import { readWeights } from '../weights.ts';
import { inputsOf } from './inputs.ts';

/** Levels of nodes, nodes, and inputs of a whole plan: memory grows with the levels, reading with the inputs. */
export const planLimits = { levels: 8, nodes: 64, inputs: 512, globs: 64, globLength: 200 } as const;

/**
 * The plan with all parameters and, where a method takes them, all weights; inputs that are all checkpoints in order
 * are left out. `checkpoints` is the number of those, `field` the path of the plan. Throws a BAD_USER_INPUT or a
 * LIMIT_EXCEEDED with the path of what is at fault, as `input.plan.inputs.0.plan.parameters.power`.
 */
export function readPlan(plan: FusionPlan, checkpoints: number, field: string): FusionPlan {
  checkPlanSize(plan, checkpoints, field);
  const used = new Set<number>();
  const read = readNode(plan, { checkpoints, used }, field);
  const unused = Array.from({ length: checkpoints }, (_, k) => k).find((k) => !used.has(k));
  if (unused === undefined) return read;
  throw badInput(`The plan does not use checkpoint ${unused} of the ${checkpoints} of the fusion`, {
    field,
    expected: 'a plan that uses every checkpoint of the fusion at least once',
    remedy: 'Add it to the inputs of a node, or leave it out of the fusion.',
  });
}

/** Path of an input of the node at `field`; that of a node has `plan` behind it. */
export const inputField = (field: string, i: number): string => `${field}.inputs.${i}`;

interface Reading {
  readonly checkpoints: number;
  /** The checkpoints that were met so far. */
  readonly used: Set<number>;
}

function readNode(plan: FusionPlan, reading: Reading, field: string): FusionPlan {
  const row: FusionEntry = rowOf(fusionCatalog, plan.method, `${field}.method`);
  const parameters = readParameters(row, plan.parameters, `${field}.parameters`);
  const inputs = inputsOf(plan, reading.checkpoints);
  checkCount(row, inputs.length, `${field}.inputs`);
  checkCheckpoints(inputs, reading, field);
  const weights = readWeights(row, inputs.length, plan.weights, `${field}.weights`);
  const read = inputs.map((input, i) =>
    typeof input === 'number' ? input : readNode(input, reading, `${inputField(field, i)}.plan`),
  );
  return {
    ...{ method: plan.method, parameters },
    ...(row.weighted && { weights }),
    ...(plan.only && { only: readGlobs(plan.only, `${field}.only`) }),
    ...(isEveryCheckpoint(read, reading) ? {} : { inputs: read }),
  };
}

const isEveryCheckpoint = (inputs: readonly unknown[], { checkpoints }: Reading): boolean =>
  inputs.length === checkpoints && inputs.every((input, i) => input === i);

// ---- size --------------------------------------------------------------------------------------------------------

/** Throws a LIMIT_EXCEEDED for a plan that is too large; looks at nothing else of it. */
export function checkPlanSize(root: FusionPlan, checkpoints: number, field: string): void {
  let [nodes, inputs] = [0, 0];
  const count = (plan: FusionPlan, level: number, at: string): void => {
    const own = inputsOf(plan, checkpoints);
    nodes++;
    inputs += own.length;
    if (level > planLimits.levels) throw tooLarge('levels of nodes', planLimits.levels, at);
    if (nodes > planLimits.nodes) throw tooLarge('nodes', planLimits.nodes, at);
    if (inputs > planLimits.inputs) throw tooLarge('inputs', planLimits.inputs, at);
    for (const [i, input] of own.entries()) {
      if (typeof input !== 'number') count(input, level + 1, `${inputField(at, i)}.plan`);
    }
  };
  count(root, 1, field);
}

const tooLarge = (what: string, limit: number, field: string) =>
  limitExceeded(`The plan has more than ${limit} ${what}`, {
    field,
    expected: `at most ${limit} ${what} in a plan`,
    remedy: 'Fuse a part of it first, and name the fused checkpoint in the plan.',
  });

// ---- inputs ------------------------------------------------------------------------------------------------------

function checkCount({ name, checkpoints: { min, max } }: FusionEntry, count: number, field: string): void {
  if (count >= min && count <= (max ?? count)) return;
  const wanted = max === undefined ? `${min} or more` : min === max ? `${min}` : `${min} to ${max}`;
  throw badInput(`${enumValueOf(name)} is given ${count} ${count === 1 ? 'input' : 'inputs'}`, {
    field,
    expected: `${wanted}: checkpoints, or plans whose results it merges`,
    remedy: 'Add or remove inputs, or choose another method.',
  });
}

function checkCheckpoints(inputs: readonly unknown[], { checkpoints, used }: Reading, field: string): void {
  for (const [i, checkpoint] of inputs.entries()) {
    if (typeof checkpoint !== 'number') continue;
    const at = `${inputField(field, i)}.checkpoint`;
    if (!Number.isInteger(checkpoint) || checkpoint < 0 || checkpoint >= checkpoints) {
      throw badInput(`There is no checkpoint ${checkpoint} among the ${checkpoints} of the fusion`, {
        field: at,
        expected: `a whole number from 0 to ${checkpoints - 1}`,
        remedy: 'Name a checkpoint of the fusion by its place.',
      });
    }
    if (inputs.indexOf(checkpoint) !== i) {
      throw badInput('A checkpoint is named twice in one node', {
        field: at,
        expected: 'each checkpoint once in a node',
        remedy: 'Name it once; a weight lets it count more where the method takes weights.',
      });
    }
    used.add(checkpoint);
  }
}

// ---- globs -------------------------------------------------------------------------------------------------------

function readGlobs(globs: readonly string[], field: string): readonly string[] {
  if (globs.length === 0 || globs.length > planLimits.globs) {
    throw badInput(`${field} has ${globs.length} globs`, {
      field,
      expected: `1 to ${planLimits.globs} globs over names of parameters`,
      remedy: 'Leave it out for all parameters.',
    });
  }
  const at = globs.findIndex((glob) => glob.trim() === '' || glob.length > planLimits.globLength);
  if (at < 0) return globs;
  throw badInput(`The glob "${globs[at]!.slice(0, 60)}" has ${globs[at]!.length} characters`, {
    field: `${field}.${at}`,
    expected: `1 to ${planLimits.globLength} characters, not only spaces`,
    remedy: 'Name parameters as model.safetensors does: * stands for any characters, ? for one.',
  });
}
