/** A run with a teacher of another family, width and tokenizer. */
import type { Task } from '../../src/data/types.ts';
import { newArchitecture } from '../../src/model/new-architecture.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { publishTokenFile, readTokenFile } from '../../src/tokens/token-file.ts';
import type { Lists, TokenFile, TokenizedSplit } from '../../src/tokens/types.ts';
import { publishTinyModel, type TinyRun } from './fixture.ts';

/** Words of the teacher's vocabulary. */
const words = 61;

/** A decoder that is wider than the model that it teaches and reads longer texts. */
export const teacherSpec: EncoderSpec = {
  family: 'qwen3',
  architecture: newArchitecture(
    'qwen3',
    { layers: 2, width: 20, heads: 2, keyValueHeads: 1, headSize: 16, innerWidth: 28, maxPositions: 90 },
    words,
    0,
  ),
  pooling: 'mean',
};

/** The same records by another tokenizer: other ids, twice as many, and the texts numbered from the last one on. */
export function retokenized(file: TokenFile): TokenFile {
  const { ids, cumulative } = file.texts;
  const count = cumulative.length - 1;
  const texts = Array.from({ length: count }, (_, text) => {
    const own = [...ids.subarray(cumulative[count - 1 - text], cumulative[count - text])];
    return own.flatMap((id) => [(7 * id + 3) % words, (5 * id + 1) % words]);
  });
  const lengths = texts.map((text) => text.length);
  const split = (of: TokenizedSplit): TokenizedSplit => ({
    ...of,
    query: renumbered(of.query, count),
    ...{ positives: listOf(of.positives, count), negatives: listOf(of.negatives, count) },
    documents: renumbered(of.documents, count),
  });
  const { train, dev, test } = file.splits;
  return {
    ...file,
    texts: {
      ids: Uint32Array.from(texts.flat()),
      cumulative: Uint32Array.from([0, ...lengths.map((_, at) => lengths.slice(0, at + 1).reduce((a, b) => a + b))]),
      poolStart: new Uint32Array(count),
    },
    splits: { train: split(train), dev: split(dev), test: split(test) },
  };
}

const renumbered = (numbers: Uint32Array, count: number): Uint32Array => numbers.map((text) => count - 1 - text);
const listOf = (list: Lists, count: number): Lists => ({ ...list, values: renumbered(list.values, count) });

/** The run with a teacher for the data sets of these tasks. */
export async function withTeacher({ storage, input }: TinyRun, tasks: readonly Task[], seed = 5): Promise<TinyRun> {
  const teacher = await publishTinyModel(storage, teacherSpec, seed);
  const datasets = await Promise.all(
    input.datasets.map(async (dataset) => {
      if (!tasks.includes(dataset.task)) return dataset;
      const teacherTokens = `${dataset.tokens}-taught`;
      await publishTokenFile(storage, teacherTokens, retokenized(await readTokenFile(storage, dataset.tokens)));
      return { ...dataset, teacherTokens };
    }),
  );
  return { storage, input: { ...input, teacher, datasets } };
}
