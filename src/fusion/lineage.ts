/** The models of one fusion: theta_0 and checkpoints that descend from it. Any other checkpoint is refused. */
import { badInput } from '../errors.ts';
import { type ModelFolder, readModelFolder, readTokenizerJson } from '../formats/model-folder.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import type { FuseInput } from './types.ts';

export interface Lineage {
  readonly initial: ModelFolder;
  readonly checkpoints: readonly ModelFolder[];
  close(): Promise<void>;
}

/** Opens every folder; the caller closes the lineage. */
export async function openLineage(
  storage: Storage,
  input: Pick<FuseInput, 'initial' | 'checkpoints'>,
): Promise<Lineage> {
  if (input.checkpoints.length === 0) {
    throw badInput('There is no checkpoint to fuse', { field: 'checkpoints', expected: 'at least one' });
  }
  const open: ModelFolder[] = [];
  const close = async (): Promise<void> => void (await Promise.all(open.map((model) => model.close())));
  try {
    for (const digest of [input.initial, ...input.checkpoints]) {
      open.push(await readOwn(storage, 'models', digest, readModelFolder));
    }
    const [initial, ...checkpoints] = open;
    const tokenizerOf = (digest: string): Promise<string> => readOwn(storage, 'models', digest, readTokenizerJson);
    const tokenizer = await tokenizerOf(input.initial);
    for (const [k, digest] of input.checkpoints.entries()) {
      checkDescent(checkpoints[k], digest, initial, input.initial);
      if ((await tokenizerOf(digest)) !== tokenizer) throw unrelated(digest, 'has another tokenizer');
    }
    return { initial, checkpoints, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * A checkpoint names the model its run began from; checkpoint 0 is that model itself. It may be a checkpoint of an
 * earlier run (training in two stages), so an initialisation of its own does not matter.
 */
function checkDescent(checkpoint: ModelFolder, digest: string, initial: ModelFolder, initialDigest: string): void {
  const { spec } = checkpoint;
  if (digest !== initialDigest && spec.initialisation !== initialDigest) {
    throw unrelated(digest, `descends from ${spec.initialisation ?? 'itself'}, not from ${initialDigest}`);
  }
  const differs = (['architecture', 'pooling', 'dense', 'normalize', 'includePrompt', 'lowerCase'] as const).find(
    (key) => JSON.stringify(spec[key]) !== JSON.stringify(initial.spec[key]),
  );
  if (differs !== undefined) throw unrelated(digest, `has another ${differs} than the initialisation`);
}

const unrelated = (digest: string, message: string) =>
  badInput(`The checkpoint ${digest} ${message}`, {
    field: 'checkpoints',
    expected: 'checkpoints of runs that began from one and the same model',
    remedy: 'Fuse checkpoints of one run, or of runs that were started from the same model.',
  });
