/** What a teacher gave the records of a data set. */
import type { Dataset } from './record-file.ts';

/** Whether any training record has scores of a teacher; reads on until one has. */
export async function hasTeacherScores(dataset: Dataset, signal?: AbortSignal): Promise<boolean> {
  for await (const { teacherScores } of dataset.records('train')) {
    signal?.throwIfAborted();
    if (teacherScores) return true;
  }
  return false;
}
