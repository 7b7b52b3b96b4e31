/** The token files of a run's data sets, checked once before anything is trained. */

import { badInput, invariant } from '../errors.ts';
import type { ModelSpec } from '../model/types.ts';
import { checkTexts } from '../nn/batch.ts';
import type { Storage } from '../storage/storage.ts';
import { readTokenFile } from '../tokens/token-file.ts';
import type { TokenFile, TokenizedSplit } from '../tokens/types.ts';
import type { RunSettings } from './catalog.ts';
import { needsTeacherScores, teacherScoresMissing, termsOf } from './terms.ts';
import type { TrainDataset } from './types.ts';

export interface TrainingData {
  readonly dataset: TrainDataset;
  readonly file: TokenFile;
  /** The same records as the teacher reads them; given where a term needs one. */
  readonly teacher?: TokenFile;
}

export const hasTeacherScores = ({ positives, negatives }: TokenizedSplit): boolean =>
  positives.teacher !== undefined || negatives.teacher !== undefined;

/** Refuses losses for which none of the data sets that train on them has scores: they would be 0 throughout. */
export function checkTeacherScores(settings: RunSettings, data: readonly TrainingData[]): void {
  const uses = data.flatMap(({ dataset, file }) =>
    termsOf(settings, dataset)
      .filter(needsTeacherScores)
      .map(({ loss }) => ({ loss, hasScores: hasTeacherScores(file.splits.train) })),
  );
  const without = uses.find(({ loss }) => !uses.some((other) => other.loss === loss && other.hasScores));
  if (without) throw teacherScoresMissing(without.loss, 'settings.losses.ir');
}

/**
 * Reads and checks all token files, the teacher's with those of the model; refuses what could only fail in the middle
 * of the run.
 */
export async function loadTrainingData(
  storage: Storage,
  datasets: readonly TrainDataset[],
  spec: ModelSpec,
  teacher?: ModelSpec,
): Promise<TrainingData[]> {
  if (datasets.length === 0) throw badInput('A run needs a data set', { field: 'datasets', expected: 'at least one' });
  return Promise.all(
    datasets.map(async (dataset) => {
      const file = await readTokenFile(storage, dataset.tokens);
      checkFile(dataset, file, spec);
      if (!teacher || dataset.teacherTokens === undefined) return { dataset, file };
      const taught = await readTokenFile(storage, dataset.teacherTokens);
      checkTexts(teacher.architecture, taught.texts, `Data set ${dataset.name}, as the teacher reads it`);
      checkSameRecords(dataset, file, taught);
      return { dataset, file, teacher: taught };
    }),
  );
}

/** A batch is drawn once, by places in the lists, so both models must have the same places. */
function checkSameRecords({ name }: TrainDataset, file: TokenFile, teacher: TokenFile): void {
  const [own, other] = [file.splits.train, teacher.splits.train];
  const isSame = (list: 'positives' | 'negatives'): boolean =>
    Buffer.from(Uint32Array.from(own[list].starts).buffer).equals(
      Buffer.from(Uint32Array.from(other[list].starts).buffer),
    );
  invariant(
    own.query.length === other.query.length && isSame('positives') && isSame('negatives'),
    `Data set ${name} has other records as the teacher reads it`,
  );
}

function checkFile({ name, task }: TrainDataset, file: TokenFile, spec: ModelSpec): void {
  if (file.task !== task) {
    throw badInput(`Data set ${name} was tokenised for ${file.task}, the run uses it for ${task}`, {
      field: 'datasets.task',
      expected: file.task,
    });
  }
  checkTexts(spec.architecture, file.texts, `Data set ${name}`);
  const { query, positives } = file.splits.train;
  for (let record = 0; record < query.length; record++) {
    const begin = positives.starts[record]!;
    if (positives.starts[record + 1] === begin) {
      throw badInput(`Training record ${record} of data set ${name} has no positive`, {
        field: 'positives',
        expected: 'at least one text per record',
      });
    }
    const grade = positives.scores[begin]!;
    if (task === 'sts' && !(grade >= 0 && grade <= 1)) {
      throw badInput(`Training record ${record} of data set ${name} has the grade ${grade}`, {
        field: 'positive_scores',
        expected: 'a grade within the declared scale for every similarity pair',
        remedy: 'Import the data set again with grades, or leave it out of the run.',
      });
    }
  }
}
