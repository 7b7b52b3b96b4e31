/** The row of a new model, and of the checkpoint that its untrained weights are. */
import type { Transaction } from '../../../db/open.ts';
import { checkpoints, models } from '../../../db/schema.ts';
import { invariant } from '../../../errors.ts';
import type { ModelDropout, ModelSpec } from '../../../model/types.ts';

interface NewModel {
  readonly name: string;
  /** As the CPU thread returns it. */
  readonly summary: {
    readonly digest: string;
    readonly bytes: number;
    readonly dimension: number;
    readonly layers: number;
    readonly parameters: number;
    readonly vocabularySize: number;
    readonly dropout: ModelDropout;
    readonly spec: ModelSpec;
  };
  /** Null = the weights were not drawn here. */
  readonly seed: number | null;
  /** Where it came from, for people. */
  readonly source: string;
}

/** Writes both rows. */
export async function recordModel(tx: Transaction, { name, summary, seed, source }: NewModel) {
  const { digest, bytes, dimension, layers, parameters, vocabularySize, dropout, spec } = summary;
  const { dense, heads, normalize, similarity, lowerCase, prompts, defaultPromptName } = spec;
  // The row tells people the sizes; everything else that the arithmetic depends on lies in the model's folder.
  const { ropeScaling: _, padTokenId: __, frozenRow: ___, dropout: ____, ...architecture } = spec.architecture;
  const values: typeof models.$inferInsert = {
    ...{ name, digest, bytes, dimension, layers, parameters, vocabularySize, seed, source },
    family: spec.family,
    architecture,
    maxLength: spec.maxLength,
    pooling: [spec.pooling].flat(),
    includePrompt: spec.includePrompt,
    pipeline: { dense, heads, normalize, similarity, lowerCase, prompts, defaultPromptName, dropout },
    templates: spec.templates,
  };
  const [model] = await tx.insert(models).values(values).returning({ id: models.id });
  invariant(model, 'an insert returned nothing');
  await tx.insert(checkpoints).values({ reason: 'initial', modelId: model.id, digest, bytes });
  return { resultId: model.id, answer: {} };
}
