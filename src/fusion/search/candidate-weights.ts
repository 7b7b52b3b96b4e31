/** The weights of a candidate of a search, merged as a fusion merges them and written nowhere. */
import { createHash } from 'node:crypto';
import type { NamedTensor } from '../../model/types.ts';
import type { Storage } from '../../storage/storage.ts';
import { withFusion } from '../open-fusion.ts';
import type { FuseInput } from '../types.ts';
import { fusionPlanOf, placesOf } from './places.ts';
import type { Candidate, CandidateInput, CandidateWeights } from './types.ts';

/** All tensors at once: as many bytes as the model has in f32. */
export function candidateWeights(
  storage: Storage,
  { candidate, checkpoints, ...lineage }: CandidateInput,
  signal?: AbortSignal,
): Promise<CandidateWeights> {
  const input = { ...lineage, ...fusionOf(candidate, checkpoints) };
  return withFusion(storage, input, signal ? { signal } : {}, async ({ tensors: merged }) => {
    const hash = createHash('sha256');
    const tensors: NamedTensor[] = [];
    for await (const tensor of merged) {
      addTensor(hash, tensor);
      tensors.push(tensor);
    }
    return { digest: hash.digest('hex'), tensors };
  });
}

/** A checkpoint as it is, is the linear fusion of itself: to the last bit. */
function fusionOf(candidate: Candidate, digests: readonly string[]): Pick<FuseInput, 'plan' | 'checkpoints'> {
  if (!candidate.plan) {
    return { plan: { method: 'linear', parameters: {} }, checkpoints: [digests[candidate.checkpoint] as string] };
  }
  const checkpoints = placesOf(candidate.plan).map((place) => digests[place] as string);
  return { plan: fusionPlanOf(candidate.plan), checkpoints };
}

function addTensor(hash: ReturnType<typeof createHash>, { name, shape, data }: NamedTensor): void {
  hash.update(`${JSON.stringify([name, shape])}\n`);
  hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
