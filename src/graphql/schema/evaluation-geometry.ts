/** How the vectors of an evaluation lie: a field of Evaluation. */
import type { Geometry as GeometryFigures } from '../../evaluation/geometry/types.ts';
import { builder } from '../builder.ts';
import { refs } from '../nouns.ts';

const { Evaluation } = refs;

const Geometry = builder.objectRef<GeometryFigures>('Geometry').implement({
  description: 'How the unit vectors of a seeded sample of a split lie. A figure that is undefined is null.',
  fields: (t) => ({
    texts: t.exposeInt('texts', { description: 'Distinct texts of the sample: up to 2,000 per role.' }),
    randomPairs: t.exposeInt('randomPairs', { description: 'Distinct pairs of these texts: up to 20,000.' }),
    positivePairs: t.exposeInt('positivePairs', {
      description: 'Positives: queries with relevant documents, or pairs with a grade of 0.8 or more; up to 2,000.',
    }),
    tokenTexts: t.exposeInt('tokenTexts', { description: 'Texts whose tokens were compared: up to 500.' }),
    alignment: t.exposeFloat('alignment', {
      nullable: true,
      description: 'Mean squared distance of positives (Wang and Isola 2020): lower is closer.',
    }),
    uniformity: t.exposeFloat('uniformity', {
      nullable: true,
      description: 'log of the mean of exp(-2 d^2) over random pairs of distance d: lower is more uniform.',
    }),
    meanCosine: t.exposeFloat('meanCosine', {
      nullable: true,
      description: 'Mean cosine of random pairs: 0 if vectors point everywhere, 1 if all point one way.',
    }),
    tokenCosine: t.exposeFloat('tokenCosine', {
      nullable: true,
      description: 'Mean cosine of the tokens of a text after the last layer: near 1 they are smoothed into one.',
    }),
    singularValues: t.exposeFloatList('singularValues', {
      description: 'Singular values of the vectors as they are, not centred, in descending order.',
    }),
    effectiveRank: t.exposeFloat('effectiveRank', {
      description: 'exp of the entropy of the shares of the singular values: how many dimensions are in use.',
    }),
    conditionNumber: t.exposeFloat('conditionNumber', {
      nullable: true,
      description: 'Largest by smallest singular value; null where the smallest is below a millionth of the largest.',
    }),
    undefinedReasons: t.field({
      type: 'JSON',
      description: 'Why a figure is null, by its name.',
      resolve: ({ undefinedReasons }) => undefinedReasons,
    }),
  }),
});

builder.objectField(Evaluation, 'geometry', (t) =>
  t.expose('geometry', {
    type: Geometry,
    nullable: true,
    description: 'How the vectors lie; null unless it was asked for.',
  }),
);
