/** The loss terms of a data set, and what they need of its batches. */
import { badInput } from '../errors.ts';
import { type LossEntry, type LossTerm, lossCatalog } from '../nn/losses/catalog.ts';
import type { RunSettings } from './catalog.ts';
import type { TrainDataset } from './types.ts';

const rows: readonly LossEntry[] = lossCatalog;
const rowOf = ({ loss }: LossTerm): LossEntry | undefined => rows.find(({ name }) => name === loss);

/** Its own terms, else those of its task. */
export const termsOf = (
  settings: Pick<RunSettings, 'losses'>,
  { task, losses }: Pick<TrainDataset, 'task'> & { readonly losses?: TrainDataset['losses'] | null },
): readonly LossTerm[] => losses ?? settings.losses[task];

/** The block that terms read as the inner layer, from 1, or 0 for the middle one; undefined = they read none. */
export function innerLayerOf(terms: readonly LossTerm[]): number | undefined {
  const term = terms.find((candidate) => rowOf(candidate)?.reads === 'inner-pairs');
  return term && Number(term.parameters['layer'] ?? 0);
}

/** Whether a term needs a teacher that encodes the texts of its batches. */
export const needsTeacher = (terms: readonly LossTerm[]): boolean =>
  terms.some((term) => rowOf(term)?.needs === 'teacher');

/** Whether a term reads scores that a teacher gave, in the records. */
export const needsTeacherScores = (term: LossTerm): boolean => rowOf(term)?.needs === 'teacher-scores';

/** The refusal of a loss for which none of the data sets that train on it has scores: it would be 0 throughout. */
export const teacherScoresMissing = (loss: string, field: string) =>
  badInput(`The loss ${loss} needs teacher scores, no data set that trains on it has any`, {
    field,
    expected: 'a retrieval data set whose training records have teacher_scores',
    remedy: 'Import the data set again with teacher_scores, or leave the loss out.',
  });

/** Positives of each IR query that are encoded: as many as are drawn, or one where no term reads another. */
export function shownPositives(terms: readonly LossTerm[], drawn: number): number {
  const readsOne = (term: LossTerm): boolean =>
    rowOf(term)?.onePositive === true || term.parameters['positives'] === 'sample';
  return terms.every(readsOne) ? 1 : drawn;
}

/** Whether a term masks known positives among the candidates. */
export const masksKnownPositives = (terms: readonly LossTerm[]): boolean =>
  terms.some(({ parameters }) => parameters['knownPositives'] === true);

/** Sum of weight * value. */
export const weightedSum = (terms: readonly LossTerm[], components: Readonly<Record<string, number>>): number =>
  terms.reduce((sum, { loss, weight }) => sum + weight * (components[loss] ?? 0), 0);
