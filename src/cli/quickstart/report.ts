/** The quickstart's results, as tables for people and as one JSON object for scripts. */
import type { SystemQuery } from '../../client/index.ts';
import type { RunStep } from '../follow.ts';
import { formatScore, formatSeconds, formatTable, shorten } from '../output.ts';
import type { SampleData, Scores, Search } from './steps.ts';

export interface QuickstartReport {
  readonly adapter: string;
  /** True = the adapter runs on the CPU. */
  readonly software: boolean;
  readonly seconds: number;
  readonly peakMemoryMiB: number;
  readonly datasets: readonly {
    readonly name: string;
    readonly task: string;
    readonly splits: Readonly<Record<'train' | 'dev' | 'test', number>>;
  }[];
  readonly losses: Readonly<Record<'ir' | 'sts', { readonly first: number; readonly last: number }>>;
  readonly scores: {
    readonly untrained: Scores;
    readonly bagOfWords: Scores;
    /** One per epoch, in order. */
    readonly checkpoints: readonly Scores[];
    readonly soup: Scores;
    readonly deltaGuided: Scores;
  };
  readonly searches: readonly Search[];
}

export const adapterLine = ({ adapter }: Pick<SystemQuery['system'], 'adapter'>): string =>
  `${adapter.name} (${adapter.backend}, ${adapter.driver})${adapter.software ? ', the CPU' : ''}`;

export const datasetsOf = (data: SampleData): QuickstartReport['datasets'] =>
  [data.ir, data.sts].map(({ name, task, splits }) => {
    const size = (split: 'TRAIN' | 'DEV' | 'TEST'): number =>
      splits.find((entry) => entry.split === split)?.records ?? 0;
    return { name, task: task.toLowerCase(), splits: { train: size('TRAIN'), dev: size('DEV'), test: size('TEST') } };
  });

/** Batches whose mean loss is reported as the loss at the start and at the end. */
const window = 5;

export function lossesOf(steps: readonly RunStep[]): QuickstartReport['losses'] {
  const of = (task: 'IR' | 'STS') => {
    const losses = steps.filter((step) => step.task === task).map((step) => step.loss);
    return { first: mean(losses.slice(0, window)), last: mean(losses.slice(-window)) };
  };
  return { ir: of('IR'), sts: of('STS') };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function describeReport(report: QuickstartReport): string {
  return [
    'Loss (mean of the first and of the last five batches)',
    formatTable(
      ['task', 'start', 'end'],
      (['ir', 'sts'] as const).map((task) => [
        task,
        report.losses[task].first.toFixed(4),
        report.losses[task].last.toFixed(4),
      ]),
    ),
    '',
    'Test scores (search: nDCG@10, similarity: Spearman)',
    formatTable(['model', 'nDCG@10', 'Spearman'], scoreRows(report.scores)),
    '',
    ...report.searches.flatMap(describeSearch),
    `${formatSeconds(report.seconds)}, peak memory ${report.peakMemoryMiB} MiB`,
  ].join('\n');
}

function scoreRows(scores: QuickstartReport['scores']): string[][] {
  const row = (name: string, { ndcgAt10, spearman }: Scores): string[] => [
    name,
    formatScore(ndcgAt10),
    formatScore(spearman),
  ];
  return [
    row('untrained', scores.untrained),
    row('tf-idf', scores.bagOfWords),
    ...scores.checkpoints.map((checkpoint, i) => row(`checkpoint, epoch ${i + 1}`, checkpoint)),
    row('uniform soup', scores.soup),
    row('delta-guided', scores.deltaGuided),
  ];
}

const describeSearch = ({ query, hits }: Search): string[] => [
  `Search: ${query}`,
  ...hits.map(({ text, score }) => `  ${formatScore(score)}  ${shorten(text, 100)}`),
  '',
];
