/** A case as a run of its own: model, data, the batches that the sampler draws for it, and how it ends. */
import { createHash } from 'node:crypto';
import { initialValues } from '../../../src/authoring/initial-parameters.ts';
import type { Task } from '../../../src/data/types.ts';
import { readModelFolder, writeModelFolder } from '../../../src/formats/model-folder.ts';
import { modelParameters } from '../../../src/model/pipeline.ts';
import { type Heads, type ModelSpec, plainPipeline } from '../../../src/model/types.ts';
import { publishStaged, type Storage } from '../../../src/storage/storage.ts';
import { trainWordPiece } from '../../../src/tokenizer/train-wordpiece.ts';
import { publishTokenFile } from '../../../src/tokens/token-file.ts';
import type { Lists, PackedTexts, TokenFile, TokenizedSplit } from '../../../src/tokens/types.ts';
import { loadTrainingData } from '../../../src/train/data.ts';
import { drawBatch } from '../../../src/train/draw.ts';
import type { GlobalBatch } from '../../../src/train/global-batch.ts';
import { train } from '../../../src/train/loop.ts';
import { samplingOfRun } from '../../../src/train/sampling.ts';
import { needsTeacher } from '../../../src/train/terms.ts';
import type { TrainInput } from '../../../src/train/types.ts';
import { random, testGpu } from '../../device.ts';
import { randomWeights, tinySpec } from '../../nn/tiny.ts';
import { publishTinyModel } from '../fixture.ts';
import { retokenized, teacherSpec } from '../taught.ts';
import { steps, type TrajectoryCase } from './cases.ts';

/** Three blocks, so that the inner layer is none of the ends; nothing is a power of two. */
const encoder = tinySpec({ layers: 3, width: 12, heads: 2, innerWidth: 20, maxPositions: 18, vocabularySize: 44 });

/** Heads are the identity at the start. */
export async function publishPico(storage: Storage, heads: Heads): Promise<string> {
  const tokenizer = await trainWordPiece(['the pump is worn', 'the seal leaks'], encoder.architecture.vocabularySize);
  const spec: ModelSpec = {
    ...plainPipeline,
    ...encoder,
    heads,
    ...{ includePrompt: true, maxLength: 16, prompts: {}, initialisation: null },
    templates: { query: '', sts: '', passage: '' },
  };
  const weights = randomWeights(encoder, 21);
  const tensors = modelParameters(spec).map((parameter) => ({
    ...{ name: parameter.name, shape: parameter.shape },
    data: weights.get(parameter.name) ?? initialValues(parameter, 0),
  }));
  const { digest } = await publishStaged(storage, 'models', (folder) =>
    writeModelFolder(folder, { spec, tokenizerJson: JSON.stringify(tokenizer), tensors }),
  );
  return digest;
}

/** The run, with its token files; the model is there, and the teacher where a loss needs one. */
export async function prepareCase(storage: Storage, model: string, { tasks, settings }: TrajectoryCase) {
  const isTaught = tasks.some((task) => needsTeacher(settings.losses[task]));
  const datasets = tasks.map((task) => ({
    ...{ name: `data-${task}`, task, weight: 1, digest: 'a'.repeat(64), tokens: `trajectory-${task}` },
    ...(isTaught && { teacherTokens: `trajectory-${task}-taught` }),
  }));
  for (const { task, tokens, teacherTokens } of datasets) {
    await publishTokenFile(storage, tokens, tokenFile(task));
    if (teacherTokens !== undefined) await publishTokenFile(storage, teacherTokens, retokenized(tokenFile(task)));
  }
  const teacher = isTaught && { teacher: await publishTinyModel(storage, teacherSpec, 5) };
  return { runId: 'run', model, settings, datasets, ...teacher } satisfies TrainInput;
}

/** The batches of the ten updates, as training draws them. */
export async function updatesOf(
  storage: Storage,
  { settings, datasets, model, teacher }: TrainInput,
): Promise<GlobalBatch[][]> {
  const specOf = async (digest: string) => {
    const { spec, close } = await readModelFolder(storage.path('models', digest));
    await close();
    return spec;
  };
  const taughtBy = teacher === undefined ? undefined : await specOf(teacher);
  const data = await loadTrainingData(storage, datasets, await specOf(model), taughtBy);
  const sampling = samplingOfRun(settings, data);
  const updates: GlobalBatch[][] = [];
  for (let epoch = 0; updates.length < steps; epoch++) {
    const { updates: planned } = sampling.planEpoch(epoch);
    updates.push(...planned.map((update) => update.map((plan) => drawBatch({ settings, epoch, data }, plan))));
  }
  return updates.slice(0, steps);
}

/** A batch as JSON, for the script that makes the goldens: its texts one by one; a score that is none is null. */
function plainBatch(batch: GlobalBatch): object {
  const listed = ({ ids, cumulative }: PackedTexts) =>
    Array.from({ length: cumulative.length - 1 }, (_, i) => [...ids.subarray(cumulative[i], cumulative[i + 1])]);
  const { task, size, teacherTexts } = batch;
  const texts = listed(batch.texts);
  const taught = teacherTexts && { teacherTexts: listed(teacherTexts) };
  if (batch.task === 'sts') return { task, size, texts, ...taught, grades: [...batch.grades] };
  const { positives, negatives, negativeMask, teacherScores, candidateTexts } = batch;
  const scores = (list: Float32Array | undefined) => Array.from(list ?? [], (x) => (Number.isNaN(x) ? null : x));
  return {
    ...{ task, size, texts, ...taught, positives, negatives, negativeMask: [...negativeMask] },
    teacher: { positives: scores(teacherScores?.positives), negatives: scores(teacherScores?.negatives) },
    ...(candidateTexts && {
      ids: [...candidateTexts.positives, ...candidateTexts.negatives],
      known: candidateTexts.known.map((ids) => [...ids].sort((a, b) => a - b)),
    }),
  };
}

export const plainUpdates = (updates: readonly (readonly GlobalBatch[])[]): object[][] =>
  updates.map((update) => update.map(plainBatch));

export const digestOf = (updates: readonly (readonly GlobalBatch[])[]): string =>
  createHash('sha256')
    .update(JSON.stringify(plainUpdates(updates)))
    .digest('hex');

export interface Trajectory {
  readonly losses: readonly number[];
  /** After the last update, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Trains as the product does. */
export async function trainCase(storage: Storage, input: TrainInput): Promise<Trajectory> {
  const losses: number[] = [];
  let last = '';
  await train(await testGpu(), storage, input, {
    signal: new AbortController().signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'step') losses.push(event.loss);
      if (event.type === 'checkpoint') last = event.model;
    },
  });
  const folder = await readModelFolder(storage.path('models', last));
  const weights = new Map<string, Float32Array>();
  for (const { name } of modelParameters(folder.spec)) {
    weights.set(name, await folder.weights.read(name));
  }
  await folder.close();
  return { losses, weights };
}

const noLists: Lists = { starts: new Uint32Array(1), values: new Uint32Array(0), scores: new Float32Array(0) };

/**
 * 22 search records with one to four positives and up to five negatives, some of which are positives and two of them
 * without, that a teacher scored in part; 31 pairs with grades from 0 to 1 in quarters.
 */
function tokenFile(task: Task): TokenFile {
  const generator = random(task === 'ir' ? 31 : 32);
  const words = encoder.architecture.vocabularySize;
  const texts: number[][] = [];
  const add = (ids: readonly number[]): number => texts.push([2, ...ids, 3]) - 1;
  const draw = (): number[] => Array.from(generator.integers(2 + generator.integer(11), words));
  const near = (ids: readonly number[], share: number): number[] =>
    ids.map((id) => (generator.uniform() < share ? id : generator.integer(words)));
  const query: number[] = [];
  const positives: { text: number; score: number }[][] = [];
  const negatives: { text: number; score: number }[][] = [];
  for (let record = 0; record < (task === 'ir' ? 22 : 31); record++) {
    const own = draw();
    const score = task === 'ir' ? 1 : (record % 5) / 4;
    const count = task === 'ir' ? 1 + (record % 4) : 1;
    query.push(add(own));
    positives.push(Array.from({ length: count }, () => ({ text: add(near(own, score * 0.7)), score })));
    const others = task === 'ir' && record % 11 !== 3 ? 2 + (record % 4) : 0;
    const drawn = Array.from({ length: others }, () => ({ text: add(draw()), score: 0 }));
    // A positive among the negatives, of its own query or of the one before.
    if (record % 3 === 1 && others > 0) drawn[0] = { text: positives[record - (record % 2)]![0]!.text, score: 0 };
    negatives.push(drawn);
  }
  const lists = (of: readonly (readonly { text: number; score: number }[])[]): Lists => ({
    starts: Uint32Array.from([0, ...of.map((_, i) => of.slice(0, i + 1).flat().length)]),
    values: Uint32Array.from(of.flat(), ({ text }) => text),
    scores: Float32Array.from(of.flat(), ({ score }) => score),
    ...(task === 'ir' && {
      teacher: Float32Array.from(of.flat(), ({ score }, i) => (i % 6 === 4 ? Number.NaN : 3 * score + (i % 5) / 2 - 1)),
    }),
  });
  const split: TokenizedSplit = {
    ...{ query: Uint32Array.from(query), positives: lists(positives), negatives: lists(negatives) },
    ...{
      documents: new Uint32Array(0),
      judgements: lists(query.map(() => [])),
      identical: new Int32Array(query.length).fill(-1),
    },
  };
  const none = {
    ...{ query: new Uint32Array(0), positives: noLists, negatives: noLists, documents: new Uint32Array(0) },
    ...{ judgements: noLists, identical: new Int32Array(0) },
  };
  const cumulative = Uint32Array.from([0, ...texts.map((_, i) => texts.slice(0, i + 1).flat().length)]);
  return {
    ...{ task, truncated: 0 },
    texts: { ids: Uint32Array.from(texts.flat()), cumulative, poolStart: new Uint32Array(texts.length) },
    splits: { train: split, dev: none, test: none },
  };
}
