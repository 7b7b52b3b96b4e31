/** The splits that checkpoints are compared on, named as data sets or by a suite, and the evaluations there are. */
import { and, desc, eq, inArray, isNotNull, isNull, type SQL } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import { type EvaluationRow, evaluations } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { entriesOf, type SuiteEntry } from '../suites/entries.ts';
import { requireSuite } from '../suites/suites.ts';
import type { Tandem } from '../tandem.ts';
import { datasetsOf } from './evaluate.ts';

/** Data sets with one split of each, or a suite, which says the splits itself. */
export interface SplitsRequest {
  readonly datasetIds?: readonly string[] | null;
  readonly suiteId?: string | null;
  readonly split: Split;
  readonly pooled: boolean;
}

/** In the order given; null where neither data sets nor a suite are named. */
export async function splitsOf(tandem: Tandem, request: SplitsRequest): Promise<readonly SuiteEntry[] | null> {
  const { datasetIds = null, suiteId = null, split, pooled } = request;
  if (suiteId === null) {
    if (datasetIds === null) return null;
    const rows = await datasetsOf(tandem, datasetIds, split, 'datasets');
    return rows.map((dataset) => ({ dataset, split, pooled, domain: dataset.domain }));
  }
  if (datasetIds !== null) {
    throw badInput('Both data sets and a suite are named', {
      field: 'suite',
      expected: 'data sets, or a suite',
      remedy: 'Leave one of them out.',
    });
  }
  return entriesOf(tandem, (await requireSuite(tandem, suiteId, 'suite')).id);
}

/** For an error: which split it is. */
export const splitText = ({ dataset, split, pooled }: SuiteEntry): string =>
  `the ${split} split of data set "${dataset.name}"${pooled ? ', pooled' : ''}`;

/** The newest evaluations of whole vectors that kept their units, of a checkpoint or (null) of the baseline. */
export function newestWhere({ database: { db } }: Tandem, checkpointId: string | null, where: SQL | undefined) {
  const { datasetId, split, pooled } = evaluations;
  return db
    .selectDistinctOn([datasetId, split, pooled])
    .from(evaluations)
    .where(
      and(
        checkpointId === null ? isNull(evaluations.checkpointId) : eq(evaluations.checkpointId, checkpointId),
        ...[isNull(evaluations.dimension), isNotNull(evaluations.unitsDigest), where],
      ),
    )
    .orderBy(datasetId, split, pooled, desc(evaluations.createdAt), desc(evaluations.id));
}

/** Of each of the splits, in their order; undefined where there is none. */
export async function newestOn(
  tandem: Tandem,
  checkpointId: string | null,
  splits: readonly SuiteEntry[],
): Promise<(EvaluationRow | undefined)[]> {
  const ids = splits.map(({ dataset }) => dataset.id);
  const rows = await newestWhere(tandem, checkpointId, inArray(evaluations.datasetId, ids));
  return splits.map(({ dataset, split, pooled }) =>
    rows.find((row) => row.datasetId === dataset.id && row.split === split && row.pooled === pooled),
  );
}
