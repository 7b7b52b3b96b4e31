/** Publishes a model folder in storage and summarises it. */

import { dropoutKeysOf } from '../model/families/index.ts';
import { modelDropout } from '../model/families/shared/dropout-config.ts';
import { elementCount } from '../model/parameter-shapes.ts';
import { dimensionOf, modelParameters } from '../model/pipeline.ts';
import type { ModelSpec } from '../model/types.ts';
import { publishStaged, type Storage } from '../storage/storage.ts';
import type { PublishedModel } from './types.ts';

/** Publishes the folder that `write` fills. If it rejects, nothing is left behind. */
export async function publishModel(
  storage: Storage,
  spec: ModelSpec,
  write: (folder: string) => Promise<void>,
): Promise<PublishedModel> {
  const { digest, bytes } = await publishStaged(storage, 'models', write);
  return summarise(spec, digest, bytes);
}

const summarise = (spec: ModelSpec, digest: string, bytes: number): PublishedModel => ({
  digest,
  family: spec.family,
  dimension: dimensionOf(spec),
  layers: spec.architecture.layers,
  parameters: modelParameters(spec).reduce((sum, { shape }) => sum + elementCount(shape), 0),
  vocabularySize: spec.architecture.vocabularySize,
  maxLength: spec.maxLength,
  dropout: modelDropout(spec.architecture, dropoutKeysOf(spec.family)),
  bytes,
});
