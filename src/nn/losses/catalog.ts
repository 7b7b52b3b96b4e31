/** The losses that a run can train on, one row each. The code is in `<name>.ts`. */
import type { CatalogEntry } from '../../catalog.ts';
import type { GivenParameters } from '../../catalog-parameters.ts';
import type { Task } from '../../data/types.ts';

export interface LossEntry extends CatalogEntry {
  /** Tasks whose batches it can be computed on. */
  readonly tasks: readonly Task[];
  /** What it reads of a batch: see loss.ts. */
  readonly reads: 'candidates' | 'pairs' | 'pair-vectors' | 'inner-pairs';
  /**
   * What it needs besides a batch's texts and grades: scores that a teacher gave the candidates, in the records, or a
   * teacher, a model that encodes the texts beside the one that is trained.
   */
  readonly needs?: 'teacher-scores' | 'teacher';
  /** Weight of a term that gives none. */
  readonly defaultWeight: number;
  /** Of each query it reads one drawn positive alone, so that no other is encoded for it. */
  readonly onePositive?: true;
  /** The warning of a run for each case that the loss counts, by the name of the count. */
  readonly warnings?: Readonly<Record<string, string>>;
}

/** Every batch has candidates; only similarity batches have graded pairs. The compiler refuses any other row. */
type LossRow = LossEntry &
  (
    | { readonly reads: 'candidates' }
    | {
        readonly reads: 'pairs' | 'pair-vectors' | 'inner-pairs';
        readonly tasks: readonly Extract<Task, 'sts'>[];
      }
  );

const codiemb = 'CoDiEmb, arXiv 2508.11442';

const temperature = (value: number) =>
  ({
    name: 'temperature',
    description: 'Divides the cosine.',
    type: 'float',
    default: value,
    min: 1e-4,
    max: 100,
  }) as const;

const positives = {
  name: 'positives',
  description: 'all: mean over every positive slot; sample: one slot drawn per query, and no other encoded.',
  type: 'choice',
  default: 'all',
  choices: ['all', 'sample'],
} as const;

const margin = {
  name: 'margin',
  description: 'Drops a candidate whose cosine exceeds that of the positive by more than this; 2 drops none.',
  type: 'float',
  default: 2,
  min: 0,
  max: 2,
} as const;

const knownPositives = {
  name: 'knownPositives',
  description: 'Drops candidates that are positives of the same query text in any record of the batch.',
  type: 'boolean',
  default: false,
} as const;

const threshold = (value: number) =>
  ({
    name: 'threshold',
    description: 'Smallest grade of a row that counts.',
    type: 'float',
    default: value,
    min: 0,
    max: 1,
  }) as const;

const layer = {
  name: 'layer',
  description: 'Number of the block whose output is pooled, from 1; 0 is the middle one, floor((L + 1) / 2) of L.',
  type: 'int',
  default: 0,
  min: 0,
  max: 96,
} as const;

const scale = {
  name: 'scale',
  description: 'Multiplies the difference of two similarities.',
  type: 'float',
  default: 20,
  min: 0.01,
  max: 10_000,
} as const;

export const lossCatalog = [
  {
    name: 'infonce',
    title: 'InfoNCE',
    description: 'Cross entropy of each positive among all in-batch positives of its slot and all hard negatives.',
    source: codiemb,
    tasks: ['ir'],
    reads: 'candidates',
    defaultWeight: 1,
    warnings: {
      infonceWithoutCandidates:
        'No candidate is left for some queries of an IR batch: their InfoNCE is counted as 0 and gives no gradient',
    },
    parameters: [temperature(0.02), positives, margin, knownPositives],
  },
  {
    name: 'pearson',
    title: 'Pearson',
    description: '1 - correlation of cosines and grades.',
    source: codiemb,
    tasks: ['sts'],
    reads: 'pairs',
    defaultWeight: 2,
    warnings: {
      constantSimilarity: 'All cosines of an STS batch are equal: Pearson is counted as 0 and gives no gradient',
    },
    parameters: [],
  },
  {
    name: 'pro',
    title: 'PRO',
    description: 'Preference ranking: every pair against all pairs of a lower grade, weighted by the gap of grades.',
    source: codiemb,
    tasks: ['sts'],
    reads: 'pairs',
    defaultWeight: 0.5,
    parameters: [temperature(0.05)],
  },
  {
    name: 'rank-kl',
    title: 'Rank KL',
    description: 'KL divergence of the softmax of cosines from the softmax of normalised ranks of the grades.',
    source: codiemb,
    tasks: ['sts'],
    reads: 'pairs',
    defaultWeight: 5,
    parameters: [temperature(0.05)],
  },
  {
    name: 'inner-infonce',
    title: 'Inner-layer InfoNCE',
    description: 'InfoNCE of query to partner on an inner block, over the rows whose grade reaches the threshold.',
    source: codiemb,
    tasks: ['sts'],
    reads: 'inner-pairs',
    defaultWeight: 1,
    parameters: [temperature(0.02), threshold(1), layer],
  },
  {
    name: 'cosine-mse',
    title: 'Cosine MSE',
    description: 'Mean square of the difference between cosine and grade.',
    source: 'Reimers and Gurevych 2019, arXiv 1908.10084',
    tasks: ['sts'],
    reads: 'pairs',
    defaultWeight: 1,
    parameters: [],
  },
  {
    name: 'cosent',
    title: 'CoSENT',
    description: 'Log of 1 + the sum of exp(scale * difference) over all pairs whose order the cosines should keep.',
    source: 'Su 2022, kexue.fm/archives/8847',
    tasks: ['sts'],
    reads: 'pairs',
    defaultWeight: 1,
    parameters: [scale],
  },
  {
    name: 'angle',
    title: 'AnglE',
    description: 'CoSENT on the angle between query and partner, each read as complex numbers; needs an even width.',
    source: 'Li and Li 2023, arXiv 2309.12871',
    tasks: ['sts'],
    reads: 'pair-vectors',
    defaultWeight: 1,
    parameters: [scale],
  },
  {
    name: 'symmetric-infonce',
    title: 'Symmetric InfoNCE',
    description: 'Half InfoNCE, half the cross entropy of each query among all queries for its positive.',
    source: 'Radford et al. 2021, arXiv 2103.00020',
    tasks: ['ir'],
    reads: 'candidates',
    defaultWeight: 1,
    warnings: {
      symmetricInfonceWithoutCandidates:
        'No candidate is left for some texts of an IR batch: their symmetric InfoNCE is counted as 0 and gives no gradient',
    },
    parameters: [temperature(0.02), positives, margin, knownPositives],
  },
  {
    name: 'guided-infonce',
    title: 'Guided InfoNCE',
    description: 'InfoNCE without the candidates that a teacher finds nearer to the query than the positive.',
    source: 'Solatorio 2024, arXiv 2402.16829',
    tasks: ['ir'],
    reads: 'candidates',
    needs: 'teacher',
    defaultWeight: 1,
    warnings: {
      guidedInfonceWithoutCandidates:
        'No candidate is left for some queries of an IR batch: their guided InfoNCE is counted as 0 and gives no gradient',
    },
    parameters: [temperature(0.02), positives, margin, knownPositives],
  },
  {
    name: 'pair-infonce',
    title: 'InfoNCE on pairs',
    description: 'InfoNCE of query to partner among all partners, over the rows whose grade reaches the threshold.',
    source: 'van den Oord et al. 2018, arXiv 1807.03748',
    tasks: ['sts'],
    reads: 'pair-vectors',
    defaultWeight: 1,
    parameters: [temperature(0.02), threshold(0.8)],
  },
  {
    name: 'score-distillation',
    title: 'Score distillation',
    description: "KL divergence of the softmax of a query's cosines from that of the teacher scores of its candidates.",
    source: 'Hinton et al. 2015, arXiv 1503.02531',
    tasks: ['ir'],
    reads: 'candidates',
    needs: 'teacher-scores',
    defaultWeight: 1,
    parameters: [
      temperature(0.05),
      {
        name: 'teacherTemperature',
        description: 'Divides the teacher scores.',
        type: 'float',
        default: 1,
        min: 1e-4,
        max: 10_000,
      },
    ],
  },
  {
    name: 'teacher-matching',
    title: 'Teacher matching',
    description: "Mean squared distance from a teacher's cosines, over all pairs of different texts of a batch.",
    source: 'Tung and Mori 2019, arXiv 1907.09682',
    tasks: ['ir', 'sts'],
    reads: 'candidates',
    needs: 'teacher',
    defaultWeight: 1,
    parameters: [],
  },
  {
    name: 'spread-out',
    title: 'Spread-out',
    description: 'Mean squared cosine of different texts, of queries and of first positives or partners, added.',
    source: 'Zhang et al. 2017, arXiv 1708.06320',
    tasks: ['ir', 'sts'],
    reads: 'candidates',
    onePositive: true,
    defaultWeight: 1,
    parameters: [],
  },
] as const satisfies readonly LossRow[];

export type LossName = (typeof lossCatalog)[number]['name'];

/** One term of a run's loss: weight * loss(parameters). */
export interface LossTerm {
  readonly loss: LossName;
  readonly weight: number;
  readonly parameters: GivenParameters;
}

/** The terms of both tasks. */
export interface LossSet {
  readonly ir: readonly LossTerm[];
  readonly sts: readonly LossTerm[];
}
