/**
 * The means of a suite: of each task the mean over its sets, and over all the mean of the tasks' means, so that a task
 * of many sets counts no more than one of few. A domain has the same means of its own sets.
 */
import type { Task } from '../data/types.ts';

/** A figure, or why there is none. */
export type Figure = { readonly value: number } | { readonly undefined: string };

/** The main figure of one set of a suite. */
export interface SetFigure {
  readonly task: Task;
  /** Null = not said: then it counts for no domain. */
  readonly domain: string | null;
  readonly figure: Figure;
}

export interface TaskMean {
  readonly task: Task;
  readonly figure: Figure;
  /** Sets that it is the mean of. */
  readonly sets: number;
}

export interface Means {
  /** Of each task that there is, IR first. */
  readonly tasks: readonly TaskMean[];
  readonly mean: Figure;
}

export interface DomainMeans extends Means {
  readonly domain: string;
}

const order: readonly Task[] = ['ir', 'sts'];

export function meansOf(sets: readonly SetFigure[]): Means {
  const tasks = order.flatMap((task): TaskMean[] => {
    const own = sets.filter((set) => set.task === task);
    return own.length === 0 ? [] : [{ task, figure: meanOf(own.map(({ figure }) => figure)), sets: own.length }];
  });
  return { tasks, mean: meanOf(tasks.map(({ figure }) => figure)) };
}

/** By the code units of the domains' names. */
export function domainMeans(sets: readonly SetFigure[]): DomainMeans[] {
  const domains = [...new Set(sets.flatMap(({ domain }) => domain ?? []))].sort();
  return domains.map((domain) => ({ domain, ...meansOf(sets.filter((set) => set.domain === domain)) }));
}

/** Undefined where one of the figures is: a mean of the others would be one of other sets. */
function meanOf(figures: readonly Figure[]): Figure {
  let sum = 0;
  for (const figure of figures) {
    if ('undefined' in figure) return figure;
    sum += figure.value;
  }
  return figures.length === 0 ? { undefined: 'there is no set' } : { value: sum / figures.length };
}
