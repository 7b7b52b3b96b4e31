/** Losses that need the scores of a teacher, refused with the request where no record has any. */
import type { LossTerm } from '../../nn/losses/catalog.ts';
import { needsTeacherScores, teacherScoresMissing } from '../../train/terms.ts';
import type { Tandem } from '../tandem.ts';

interface Trained {
  /** Digest of the data set version. */
  readonly digest: string;
  /** The terms on its batches, and where they stand in the request. */
  readonly terms: readonly LossTerm[];
  readonly list: string;
}

/**
 * Throws where none of the data sets that train on such a loss has scores: it would be 0 throughout. Records are read
 * for runs with such a loss alone. A host without them leaves the check to the one that trains.
 */
export async function requireTeacherScores(
  { jobs, storage }: Tandem,
  datasets: readonly Trained[],
  signal: AbortSignal,
): Promise<void> {
  const names = new Set(datasets.flatMap(({ terms }) => terms.filter(needsTeacherScores).map(({ loss }) => loss)));
  for (const name of names) {
    const using = datasets.filter(({ terms }) => terms.some(({ loss }) => loss === name));
    let found = false;
    for (const { digest } of using) {
      if (!(await storage.exists('datasets', digest))) return;
      found ||= await jobs.cpu.call('hasTeacherScores', { dataset: digest }, { signal });
    }
    if (!found) throw teacherScoresMissing(name, using[0]!.list);
  }
}
