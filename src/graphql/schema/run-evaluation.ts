/** The event of an evaluation on dev sets while a run trains. */
import type { MainFigure } from '../../db/schema/types.ts';
import { builder } from '../builder.ts';
import { Split, Task } from '../enums.ts';
import { type DataOf, RunEvent } from './run-event.ts';

const MainFigureObject = builder.objectRef<MainFigure>('DevFigure').implement({
  description: 'The main figure of a run on one of its dev sets.',
  fields: (t) => ({
    dataset: t.exposeString('dataset', { description: 'The name of the data set.' }),
    split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
    pooled: t.exposeBoolean('pooled', { description: 'Whether only a pooled corpus was searched.' }),
    task: t.expose('task', { type: Task, description: 'The task of the data set.' }),
    metric: t.exposeString('metric', { description: 'The name of the figure, as in MTEB.' }),
    value: t.exposeFloat('value', {
      nullable: true,
      description:
        'The value as a fraction of 1; null if it is undefined, which only a task without a weight may have.',
    }),
  }),
});

builder.objectRef<DataOf<'evaluation'>>('RunEvaluation').implement({
  description: 'The weights were evaluated on the dev sets.',
  interfaces: [RunEvent],
  fields: (t) => ({
    step: t.int({ description: 'The number of updates made.', resolve: ({ data }) => data.step }),
    epoch: t.int({
      description: 'The epoch in progress or just ended, counted from 1; 0 before the first update.',
      resolve: ({ data }) => data.epoch,
    }),
    score: t.float({ description: 'The joint score; higher is better.', resolve: ({ data }) => data.score }),
    bestScore: t.float({ description: 'The highest score so far.', resolve: ({ data }) => data.best.score }),
    bestStep: t.int({
      description: 'The step of the highest score so far; of equal scores the first.',
      resolve: ({ data }) => data.best.step,
    }),
    stale: t.int({
      description: 'The number of evaluations in a row that were not above the best before them by more than minDelta.',
      resolve: ({ data }) => data.stale,
    }),
    figures: t.field({
      type: [MainFigureObject],
      description: 'The main figure of each dev set.',
      resolve: ({ data }) => [...data.figures],
    }),
    seconds: t.float({ description: 'The time it took, in seconds.', resolve: ({ data }) => data.seconds }),
  }),
});
