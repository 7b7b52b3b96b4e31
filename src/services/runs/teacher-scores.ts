/** Losses that need the scores of a teacher, refused with the request where no record has any. */
import { badInput } from '../../errors.ts';
import { type LossEntry, type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';
import type { Tandem } from '../tandem.ts';

const rows: readonly LossEntry[] = lossCatalog;

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
export async function requireTeacherScores({ jobs, storage }: Tandem, datasets: readonly Trained[]): Promise<void> {
  for (const { name } of rows.filter(({ needs }) => needs === 'teacher-scores')) {
    const using = datasets.filter(({ terms }) => terms.some(({ loss }) => loss === name));
    const [first] = using;
    if (!first) continue;
    let found = false;
    for (const { digest } of using) {
      if (!(await storage.exists('datasets', digest))) return;
      found ||= await jobs.cpu.call('hasTeacherScores', { dataset: digest });
    }
    if (found) continue;
    throw badInput(`The loss ${name} needs teacher scores, no data set that trains on it has any`, {
      field: first.list,
      expected: 'a retrieval data set whose training records have teacher_scores',
      remedy: 'Import the data set again with teacher_scores, or leave the loss out.',
    });
  }
}
