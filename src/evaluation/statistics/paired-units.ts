/**
 * Two systems on the same units, and the statistic whose difference is tested (docs/method.md section 6). A unit is a
 * query of retrieval, with its figure; or a graded pair of similarity, with its cosine.
 */

/** What both systems gave each unit, in one order of units. */
export type PairedUnits =
  | {
      /** The statistic is the mean over the units. */
      readonly task: 'ir';
      /** [N] each. */
      readonly first: ArrayLike<number>;
      readonly second: ArrayLike<number>;
    }
  | {
      /** The statistic is the Spearman correlation with the grades. */
      readonly task: 'sts';
      /** [N] cosines each. */
      readonly first: ArrayLike<number>;
      readonly second: ArrayLike<number>;
      /** [N] */
      readonly grades: ArrayLike<number>;
    };

/** Awaited between pieces of work of some milliseconds; what it throws ends the test. */
export type Pause = () => Promise<void>;

/** Resamples or swaps between two pauses, so that a piece takes some milliseconds whatever the number of units. */
export const roundsBetweenPauses = (units: number): number => Math.max(1, Math.floor(100_000 / units));
