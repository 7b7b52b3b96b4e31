/** The models of one fusion: its base, and checkpoints of the same theta_0. Any other checkpoint is refused. */
import { badInput } from '../errors.ts';
import { type ModelFolder, readModelFolder, readTokenizerJson } from '../formats/model-folder.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import type { FuseInput } from './types.ts';

export interface Lineage {
  /** What the deltas are taken from: theta_0, or another ancestor of all checkpoints. */
  readonly base: ModelFolder;
  readonly checkpoints: readonly ModelFolder[];
  close(): Promise<void>;
}

/** Opens every folder; the caller closes the lineage. */
export async function openLineage(
  storage: Storage,
  { initial, base = initial, checkpoints: digests }: Omit<FuseInput, 'plan'>,
): Promise<Lineage> {
  if (digests.length === 0) {
    throw badInput('There is no checkpoint to fuse', { field: 'checkpoints', expected: 'at least one' });
  }
  const open: ModelFolder[] = [];
  const close = async (): Promise<void> => void (await Promise.all(open.map((model) => model.close())));
  try {
    for (const digest of [base, ...digests]) {
      open.push(await readOwn(storage, 'models', digest, readModelFolder));
    }
    const [first, ...checkpoints] = open;
    const tokenizerOf = (digest: string): Promise<string> => readOwn(storage, 'models', digest, readTokenizerJson);
    const tokenizer = await tokenizerOf(initial);
    for (const [k, digest] of [base, ...digests].entries()) {
      checkDescent(open[k], digest, first, initial);
      if ((await tokenizerOf(digest)) !== tokenizer) throw unrelated(digest, 'has another tokenizer');
    }
    return { base: first, checkpoints, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const equalParts = [
  ...['family', 'architecture', 'pooling', 'dense', 'heads', 'normalize', 'includePrompt', 'lowerCase', 'templates'],
] as const satisfies readonly (keyof ModelFolder['spec'])[];

/** A checkpoint names the root of its lineage; checkpoint 0 of a run that begins there is that model itself. */
function checkDescent({ spec }: ModelFolder, digest: string, base: ModelFolder, initial: string): void {
  if (digest !== initial && spec.initialisation !== initial) {
    throw unrelated(digest, `descends from ${spec.initialisation ?? 'itself'}, not from ${initial}`);
  }
  const differs = equalParts.find((key) => JSON.stringify(spec[key]) !== JSON.stringify(base.spec[key]));
  if (differs !== undefined) throw unrelated(digest, `has another ${differs} than the base`);
}

const unrelated = (digest: string, message: string) =>
  badInput(`The checkpoint ${digest} ${message}`, {
    field: 'checkpoints',
    expected: 'checkpoints of one lineage: of runs that began from one and the same model or from their checkpoints',
    remedy: 'Fuse checkpoints of one run, or of runs that were started from the same model.',
  });
