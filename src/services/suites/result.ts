/** What a checkpoint, or the baseline, has on the splits of a suite: figures, and their means. */
import { evaluationsOf, inOrderOf, type LatestEvaluation, latestEvaluations } from '../../db/latest-evaluations.ts';
import { type DomainMeans, domainMeans, type Figure, type Means, meansOf } from '../../evaluation/suite-means.ts';
import { type TrainingSets, trainingSets } from '../checkpoints/overlap.ts';
import type { Tandem } from '../tandem.ts';
import type { SuiteEntry } from './entries.ts';

export type { DomainMeans, Figure, TaskMean } from '../../evaluation/suite-means.ts';

/** One split, with the newest evaluation on it. */
export interface SuiteCell extends SuiteEntry {
  /** What the checkpoint has learnt from; null for the baseline. */
  readonly trained: TrainingSets | null;
  /** Undefined = there is none. */
  readonly evaluation: LatestEvaluation | undefined;
  readonly figure: Figure;
}

export interface SuiteResult extends Means {
  /** Null for the baseline. */
  readonly checkpointId: string | null;
  /** In the order of the suite. */
  readonly cells: readonly SuiteCell[];
  readonly domains: readonly DomainMeans[];
}

export async function resultOf(
  tandem: Tandem,
  checkpointId: string | null,
  entries: readonly SuiteEntry[],
): Promise<SuiteResult> {
  return (await resultsOf(tandem, checkpointId, [entries]))[0]!;
}

/** On each of several suites, in their order, with one statement. */
export async function resultsOf(
  tandem: Tandem,
  checkpointId: string | null,
  suites: readonly (readonly SuiteEntry[])[],
): Promise<SuiteResult[]> {
  const { db } = tandem.database;
  const found = await latestEvaluations(db, splitsOf(suites.flat()), evaluationsOf(checkpointId));
  return suites.map((entries) => resultFrom(tandem, checkpointId, entries, found));
}

export const splitsOf = (entries: readonly SuiteEntry[]) =>
  entries.map(({ dataset, split, pooled }) => ({ datasetId: dataset.id, split, pooled }));

/** `found`: the checkpoint's newest evaluations on the splits, in any order. */
export function resultFrom(
  tandem: Tandem,
  checkpointId: string | null,
  entries: readonly SuiteEntry[],
  found: readonly LatestEvaluation[],
): SuiteResult {
  const ordered = inOrderOf(splitsOf(entries), found);
  const trained = checkpointId === null ? null : trainingSets(tandem, checkpointId);
  const cells = entries.map((entry, i): SuiteCell => {
    const evaluation = ordered[i];
    return { ...entry, trained, evaluation, figure: figureOf(entry, evaluation) };
  });
  const sets = cells.map(({ dataset: { task }, domain, figure }) => ({ task, domain, figure }));
  return { checkpointId, cells, ...meansOf(sets), domains: domainMeans(sets) };
}

/** The main figure. Why there is none names the split, since means repeat it. */
function figureOf({ dataset, split, pooled }: SuiteEntry, row: LatestEvaluation | undefined): Figure {
  const name = `${dataset.name} ${split}${pooled ? ' (pooled)' : ''}`;
  if (row === undefined) return { undefined: `${name}: it was not evaluated` };
  const value = row.metrics[row.main] ?? null;
  return value === null ? { undefined: `${name}: ${row.undefinedReasons[row.main]}` } : { value };
}
