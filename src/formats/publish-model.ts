/** A model folder into storage, with what others need to know of it. */
import type { EncoderFamily } from '../nn/encoders/catalog.ts';
import { publishStaged, type Storage } from '../storage/storage.ts';
import { elementCount } from './architectures/catalog.ts';
import { dimensionOf, modelParameters } from './pipeline/catalog.ts';
import type { ModelSpec } from './types.ts';

/** A model folder in storage. */
export interface PublishedModel {
  readonly digest: string;
  readonly family: EncoderFamily;
  /** Of its vectors. */
  readonly dimension: number;
  readonly layers: number;
  /** Number of values of all parameters. */
  readonly parameters: number;
  readonly vocabularySize: number;
  readonly maxLength: number;
  readonly bytes: number;
}

/** Lets `write` fill a staged folder and publishes it; a failed write leaves nothing. */
export async function publishModel(
  storage: Storage,
  spec: ModelSpec,
  write: (folder: string) => Promise<void>,
): Promise<PublishedModel> {
  const { digest, bytes } = await publishStaged(storage, 'models', write);
  return summarise(spec, digest, bytes);
}

export const summarise = (spec: ModelSpec, digest: string, bytes: number): PublishedModel => ({
  digest,
  family: spec.family,
  dimension: dimensionOf(spec),
  layers: spec.architecture.layers,
  parameters: modelParameters(spec).reduce((sum, { shape }) => sum + elementCount(shape), 0),
  vocabularySize: spec.architecture.vocabularySize,
  maxLength: spec.maxLength,
  bytes,
});
