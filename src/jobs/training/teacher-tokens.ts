/** What a run's teacher reads of a data set. */
import type { DatasetRow, ModelRow } from '../../db/schema.ts';
import type { LossTerm } from '../../nn/losses/catalog.ts';
import type { TokenizeDatasetInput } from '../../tokens/types.ts';
import type { RunSettings } from '../../train/catalog.ts';
import { needsTeacher, termsOf } from '../../train/terms.ts';

/**
 * The request for a token file by the tokenizer and the templates of the teacher's model, of texts as long as it reads;
 * undefined where no term on the data set needs a teacher.
 */
export function teacherTokensRequest(
  settings: RunSettings,
  teacher: { readonly model: ModelRow } | null | undefined,
  { dataset, losses }: { readonly dataset: DatasetRow; readonly losses: readonly LossTerm[] | null },
): TokenizeDatasetInput | undefined {
  if (!teacher || !needsTeacher(termsOf(settings, { task: dataset.task, losses }))) return undefined;
  const { digest: model, maxLength } = teacher.model;
  return { dataset: dataset.digest, model, maxLength, missingNegatives: settings.missingNegatives };
}
