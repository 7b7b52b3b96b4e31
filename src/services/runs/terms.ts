/** Loss terms as requests give them: complete, checked, each loss once. */
import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import type { Task } from '../../data/types.ts';
import type { ModelRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { type LossEntry, type LossName, type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';

export interface TermRequest {
  readonly loss: LossName;
  readonly weight?: number | null;
  readonly parameters?: GivenParameters | null;
}

const rows: readonly LossEntry[] = lossCatalog;

/** The terms for batches of a task. Throws a BAD_USER_INPUT whose field begins with `list`. */
export function readTerms(task: Task, requests: readonly TermRequest[], list: string): readonly LossTerm[] {
  const seen = new Set<string>();
  return requests.map(({ loss, weight, parameters }, i) => {
    const field = `${list}.${i}`;
    const entry: LossEntry = rowOf(lossCatalog, loss, `${field}.loss`);
    if (!entry.tasks.includes(task)) throw ofOtherTask(entry, task, `${field}.loss`);
    if (seen.has(loss)) {
      throw badInput(`${entry.title} stands twice among the losses`, {
        field: `${field}.loss`,
        expected: 'each loss once',
        remedy: 'Add up the weights.',
      });
    }
    seen.add(loss);
    const values = readParameters(entry, parameters ?? {}, `${field}.parameters`);
    return { loss, weight: weight ?? entry.defaultWeight, parameters: values };
  });
}

function ofOtherTask(entry: LossEntry, task: Task, field: string): Error {
  const tasks = entry.tasks.map((name) => name.toUpperCase()).join(' and ');
  const names = rows.filter((row) => row.tasks.includes(task)).map((row) => row.name);
  return badInput(`${entry.title} is a loss of ${tasks} batches`, {
    field,
    expected: `one of ${names.join(', ')}`,
    remedy: `Give it to ${tasks} data.`,
  });
}

/** Throws a BAD_USER_INPUT where data is left without a loss. */
export function requireTerms(terms: readonly LossTerm[], task: Task, field: string): void {
  if (terms.length > 0) return;
  throw badInput(`The run has ${task.toUpperCase()} data but no loss for it`, {
    field,
    expected: 'at least one loss term',
    remedy: 'Leave the list out for the losses of the preset, or leave the data set out.',
  });
}

/** Throws a BAD_USER_INPUT where a loss reads a block that the model does not have. */
export function requireLayer(terms: readonly LossTerm[], { name, layers }: ModelRow, field: string): void {
  const index = terms.findIndex(({ parameters }) => Number(parameters['layer'] ?? 0) > layers);
  if (index < 0) return;
  throw badInput(`layer is ${terms[index]?.parameters['layer']}, the model "${name}" has ${layers} blocks`, {
    field: `${field}.${index}.parameters.layer`,
    expected: `a whole number from 0 to ${layers}`,
    remedy: 'Name a block of the model, or leave layer out for the middle one.',
  });
}

/** Throws a BAD_USER_INPUT where a loss cannot read vectors of the model's dimension. */
export function requireDimension(terms: readonly LossTerm[], { name, dimension }: ModelRow, field: string): void {
  const index = terms.findIndex(({ loss }) => loss === 'angle');
  if (index < 0 || dimension % 2 === 0) return;
  throw badInput(`AnglE needs two halves of a vector, those of the model "${name}" have ${dimension} components`, {
    field: `${field}.${index}.loss`,
    expected: 'a model whose vectors have an even number of components',
    remedy: 'Use cosent, a model of an even dimension, or even dimensions of settings.matryoshka.',
  });
}
