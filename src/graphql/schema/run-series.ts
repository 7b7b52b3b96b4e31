/** Figures of a run over its updates, for curves. */
import { z } from 'zod';
import { inGroups } from '../../services/common/in-groups.ts';
import * as series from '../../services/runs/series.ts';
import { builder } from '../builder.ts';
import { refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';

interface Asked {
  readonly id: string;
  readonly request: series.SeriesRequest;
}

/** Of a run, by its id. */
const seriesNames = requestLoader(series.seriesNames);
const seriesOf = requestLoader((tandem, asked: readonly Asked[]) =>
  inGroups({
    groupOf: ({ request }: Asked) => request,
    keyOf: ({ id }) => id,
    load: (ids, { request }) => series.seriesOf(tandem, ids, request),
  })(asked),
);

const SeriesPoint = builder.objectRef<series.SeriesPoint>('SeriesPoint').implement({
  description: 'One bucket of a series: neighbouring steps that have a value, one of them if no more were asked for.',
  fields: (t) => ({
    step: t.exposeInt('step', { description: 'The first step of the bucket.' }),
    lastStep: t.exposeInt('lastStep', { description: 'The last step of the bucket.' }),
    count: t.exposeInt('count', { description: 'The number of steps in the bucket that have a value.' }),
    min: t.exposeFloat('min', { description: 'The least value in the bucket.' }),
    max: t.exposeFloat('max', { description: 'The largest value in the bucket.' }),
  }),
});

const Series = builder.objectRef<series.Series>('Series').implement({
  description: 'A figure of a run over its steps.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the series.' }),
    points: t.field({
      type: [SeriesPoint],
      description: 'Its values by step; none where the run has no value of it.',
      resolve: ({ points }) => [...points],
    }),
  }),
});

builder.objectFields(refs.Run, (t) => ({
  seriesNames: t.field({
    type: ['String'],
    description:
      'The names of its series: loss, learningRate, gradientNorm, tokens and tokensPerSecond; loss.ir and loss.sts; a loss term as loss.sts.pearson; dev.score and the figures of the dev sets as dev.NAME.dev.ndcg_at_10, with `pooled.` before the figure on a pooled corpus.',
    resolve: (row, _args, context) => seriesNames(row.id, context),
  }),
  series: t.field({
    type: [Series],
    description:
      'Figures over its steps, each cut into at most maxPoints buckets of equally many steps with the least and the largest value. A step that was made again after a resume counts once.',
    args: {
      names: t.arg.stringList({ required: true, description: 'The names of series, as seriesNames gives them.' }),
      maxPoints: t.arg.int({
        required: true,
        defaultValue: 1000,
        description: `The largest number of points of each series, from 1 to ${series.mostPoints}.`,
        validate: z.number().int().min(1).max(series.mostPoints),
      }),
    },
    resolve: (row, request, context) => {
      series.checkSeries(context.tandem, request);
      return seriesOf({ id: row.id, request }, context);
    },
  }),
}));
