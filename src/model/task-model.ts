/** The model that a model with heads is for one task: its head as the last dense layer, the other one left out. */
import type { Task } from '../data/types.ts';
import { headLayer, headName } from './heads.ts';
import { denseName, dimensionOf } from './pipeline.ts';
import { type ModelSpec, noHeads } from './types.ts';

export interface TaskModel {
  readonly spec: ModelSpec;
  /** The parameter of the model with heads that a parameter of this one is. */
  readonly sourceOf: (parameter: string) => string;
}

export function taskModel(spec: ModelSpec, task: Task): TaskModel {
  const last = denseName(spec.dense.length, 'weight');
  const head = spec.heads[task] === 'dense' ? [headLayer(dimensionOf(spec))] : [];
  return {
    spec: { ...spec, dense: [...spec.dense, ...head], heads: noHeads },
    sourceOf: (parameter) => (parameter === last ? headName(task) : parameter),
  };
}
