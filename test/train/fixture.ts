/** A data folder with a small model and two small tokenised data sets, for the tests of train/ and serve/. */
import { initialParameters } from '../../src/authoring/initial-parameters.ts';
import type { Task } from '../../src/data/types.ts';
import { readModelFolder, writeModelFolder } from '../../src/formats/model-folder.ts';
import { type ModelSpec, plainPipeline } from '../../src/model/types.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { readOwn } from '../../src/storage/own-files.ts';
import { openStorage, publishStaged, type Storage } from '../../src/storage/storage.ts';
import { trainWordPiece } from '../../src/tokenizer/train-wordpiece.ts';
import { publishTokenFile } from '../../src/tokens/token-file.ts';
import type { Lists, TokenFile, TokenizedSplit } from '../../src/tokens/types.ts';
import { defaultRunSettings, type RunSettings } from '../../src/train/catalog.ts';
import type { TrainDataset, TrainInput } from '../../src/train/types.ts';
import { random } from '../device.ts';
import { tinySpec } from '../nn/tiny.ts';

const vocabularySize = 50;

export const tinySettings = (changes: Partial<RunSettings> = {}): RunSettings => ({
  ...defaultRunSettings,
  ...{ dropout: 0.1, attentionDropout: 0.1 },
  seed: 3,
  epochs: 2,
  irBatchSize: 6,
  stsBatchSize: 8,
  positives: 1,
  negatives: 1,
  maxLength: 32,
  optimizer: { ...defaultRunSettings.optimizer, learningRate: 2e-3, weightDecay: 0.01, warmupRatio: 0.1, clipNorm: 1 },
  ...changes,
});

/** A published theta_0. */
export async function publishTinyModel(storage: Storage, encoder: EncoderSpec = tinySpec(), seed = 1): Promise<string> {
  const tokenizer = await trainWordPiece(['the pump is worn', 'the seal of the pump leaks'], vocabularySize);
  const spec: ModelSpec = {
    ...plainPipeline,
    ...encoder,
    includePrompt: true,
    maxLength: 32,
    templates: { query: '', sts: '', passage: '' },
    prompts: {},
    initialisation: null,
  };
  const { digest } = await publishStaged(storage, 'models', (folder) =>
    writeModelFolder(folder, {
      spec,
      tokenizerJson: JSON.stringify(tokenizer),
      tensors: initialParameters(spec, seed),
    }),
  );
  return digest;
}

const noLists: Lists = {
  starts: new Uint32Array(1),
  values: new Uint32Array(0),
  scores: new Float32Array(0),
};
const noSplit: TokenizedSplit = {
  query: new Uint32Array(0),
  positives: noLists,
  negatives: noLists,
  documents: new Uint32Array(0),
  judgements: noLists,
  identical: new Int32Array(0),
};

/** Lists to which a teacher gives scores, for every entry one, or NaN. */
const taught = (given: Lists, score: (entry: number) => number): Lists => ({
  ...given,
  teacher: Float32Array.from(given.values, (_, entry) => score(entry)),
});

/** Lists with the same number of entries for every record. */
function lists(records: number, values: readonly number[], scores: readonly number[]): Lists {
  const per = values.length / records;
  return {
    starts: Uint32Array.from({ length: records + 1 }, (_, record) => record * per),
    values: Uint32Array.from(values),
    scores: Float32Array.from(scores),
  };
}

/** Records of random texts; a partner shares words with its query, the more the higher the grade. */
export function tinyTokenFile(task: Task, records: number, seed: number, words = vocabularySize): TokenFile {
  const generator = random(seed);
  const texts: number[][] = [];
  const add = (ids: number[]): number => texts.push([2, ...ids, 3]) - 1;
  const text = (): number[] => Array.from(generator.integers(4 + generator.integer(12), words));
  const near = (ids: readonly number[], share: number): number[] =>
    ids.map((id) => (generator.uniform() < share ? id : generator.integer(words)));
  const [query, positives, negatives, grades]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let record = 0; record < records; record++) {
    const own = text();
    query.push(add(own));
    const grade = task === 'ir' ? 1 : (record % 5) / 4;
    grades.push(grade);
    positives.push(add(near(own, grade * 0.8)));
    if (task === 'ir') negatives.push(add(text()), add(text()));
  }
  const train: TokenizedSplit = {
    query: Uint32Array.from(query),
    positives: task === 'ir' ? taught(lists(records, positives, grades), () => 2) : lists(records, positives, grades),
    negatives:
      task === 'ir'
        ? taught(lists(records, negatives, new Array<number>(negatives.length).fill(0)), (entry) =>
            entry % 4 === 0 ? Number.NaN : -1,
          )
        : lists(records, [], []),
    documents: Uint32Array.from(task === 'ir' ? [...positives, ...negatives] : []),
    judgements:
      task === 'ir'
        ? lists(
            records,
            positives.map((_, index) => index),
            grades,
          )
        : lists(records, [], []),
    identical: new Int32Array(records).fill(-1),
  };
  const cumulative = Uint32Array.from([0, ...texts.map((text) => text.length)]);
  for (let text = 1; text < cumulative.length; text++) cumulative[text]! += cumulative[text - 1]!;
  return {
    task,
    truncated: 0,
    texts: { ids: Uint32Array.from(texts.flat()), cumulative, poolStart: new Uint32Array(texts.length) },
    splits: { train, dev: noSplit, test: train },
  };
}

export interface TinyRun {
  readonly storage: Storage;
  readonly input: TrainInput;
}

/** Everything of a joint run: 18 IR records and 32 STS records make 3 + 4 batches an epoch. */
/** What a model folder of storage says, its weights closed again. */
export async function openModel(storage: Storage, model: string) {
  const folder = await readOwn(storage, 'models', model, readModelFolder);
  await folder.close();
  return folder;
}

export async function prepareTinyRun(root: string, settings: RunSettings, encoder?: EncoderSpec): Promise<TinyRun> {
  const storage = openStorage(root);
  return prepareRun(storage, await publishTinyModel(storage, encoder), settings);
}

/** The same run from a model that is published already; `words` is its number of tokens. */
export async function prepareRun(
  storage: Storage,
  model: string,
  settings: RunSettings,
  words = vocabularySize,
): Promise<TinyRun> {
  const datasets: TrainDataset[] = [
    { name: 'manuals', task: 'ir', weight: 1, digest: 'a'.repeat(64), tokens: 'tiny-ir' },
    { name: 'pairs', task: 'sts', weight: 1, digest: 'b'.repeat(64), tokens: 'tiny-sts' },
  ];
  await publishTokenFile(storage, 'tiny-ir', tinyTokenFile('ir', 18, 11, words));
  await publishTokenFile(storage, 'tiny-sts', tinyTokenFile('sts', 32, 12, words));
  return { storage, input: { runId: 'run', model, settings, datasets } };
}
