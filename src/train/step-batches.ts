/** What the event of a step tells of the update's batches together. */
import type { StepBatch, StepFigures } from './types.ts';

export function summaryOf(batches: readonly StepBatch[]): StepFigures {
  const [first] = batches;
  if (batches.length === 1) return first!;
  const same = <Name extends 'task' | 'dataset'>(name: Name): StepBatch[Name] | null =>
    batches.every((batch) => batch[name] === first![name]) ? first![name] : null;
  const names = [...new Set(batches.flatMap(({ components }) => Object.keys(components)))];
  const valuesOf = (name: string): number[] =>
    batches.map(({ components }) => components[name]).filter((value) => value !== undefined);
  return {
    task: same('task'),
    dataset: same('dataset'),
    loss: mean(batches.map(({ loss }) => loss)),
    components: Object.fromEntries(names.map((name) => [name, mean(valuesOf(name))])),
    tokens: batches.reduce((sum, { tokens }) => sum + tokens, 0),
    batches,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
