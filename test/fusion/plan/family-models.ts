/** Checkpoints of small models of two families, for tests of fusion plans. */
import { importModel } from '../../../src/authoring/import-model.ts';
import { readModelFolder, readTokenizerFile, writeModelFolder } from '../../../src/formats/model-folder.ts';
import { type FuseOptions, withFusion } from '../../../src/fusion/open-fusion.ts';
import type { FuseInput, FusionFigure } from '../../../src/fusion/types.ts';
import { modelParameters } from '../../../src/model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../../../src/model/types.ts';
import { RandomStream } from '../../../src/random/keyed.ts';
import { publishStaged, type Storage } from '../../../src/storage/storage.ts';
import { pipelinePath } from '../../formats/pipelines.ts';
import type { ReferenceModel } from '../../reference/fusion.ts';

/** A model with checkpoints of it. */
export interface FamilyModels {
  readonly parameters: readonly ParameterShape[];
  /** Digests. */
  readonly initial: string;
  readonly checkpoints: readonly string[];
  readonly start: ReferenceModel;
  readonly models: readonly ReferenceModel[];
}

/** By how much the tensors of a checkpoint move, drawn around 0; or what becomes of each. */
type Move = number | ((tensor: NamedTensor) => NamedTensor);

/** Takes a model of test/fixtures/pipelines over, and moves each tensor of checkpoint k as moves[k] says. */
export async function familyModels(
  storage: Storage,
  name: Parameters<typeof pipelinePath>[0],
  moves: readonly Move[],
): Promise<FamilyModels> {
  const { digest: initial, spec } = await importModel(storage, pipelinePath(name));
  const path = storage.path('models', initial);
  const { weights, tokenizerPath, tokenizerSettings, close } = await readModelFolder(path);
  const tokenizerJson = await readTokenizerFile(tokenizerPath);
  const parameters = modelParameters(spec);
  const tensors: NamedTensor[] = [];
  for (const { name: tensor, shape } of parameters) {
    tensors.push({ name: tensor, shape, data: await weights.read(tensor) });
  }
  await close();
  const all = [tensors, ...moves.map((move, k) => tensors.map((tensor, t) => moved(tensor, move, k, t)))];
  const checkpoints: string[] = [];
  for (const content of all.slice(1)) {
    const folder = { spec: { ...spec, initialisation: initial }, tokenizerJson, tokenizerSettings, tensors: content };
    checkpoints.push((await publishStaged(storage, 'models', (staged) => writeModelFolder(staged, folder))).digest);
  }
  const [start, ...models] = all.map(referenceOf);
  return { parameters, initial, checkpoints, start: start!, models };
}

function moved(tensor: NamedTensor, move: Move, k: number, t: number): NamedTensor {
  if (typeof move !== 'number') return move(tensor);
  const random = new RandomStream(k + 1, t);
  return { ...tensor, data: tensor.data.map((value) => value + move * (random.float() - 0.5) * (1 + (t % 3))) };
}

const referenceOf = (tensors: readonly NamedTensor[]): ReferenceModel =>
  new Map(tensors.map(({ name, shape, data }) => [name, { shape, data: [...data] }]));

/** What a fusion gives, without a folder. */
export const fused = (storage: Storage, input: FuseInput, options: FuseOptions = {}): Promise<ReferenceModel> =>
  withFusion(storage, input, options, async (fusion) => {
    const tensors: NamedTensor[] = [];
    for await (const tensor of fusion.tensors) tensors.push(tensor);
    return referenceOf(tensors);
  });

/** What the methods of a fusion tell. */
export const figuresOf = (storage: Storage, input: FuseInput): Promise<readonly FusionFigure[]> =>
  withFusion(storage, input, {}, async ({ tensors, figures }) => {
    for await (const _ of tensors);
    return figures();
  });

/** A result of the reference as the input of the next: rounded to f32. */
export const rounded = (values: ReadonlyMap<string, readonly number[]>, like: ReferenceModel): ReferenceModel =>
  new Map([...values].map(([name, data]) => [name, { shape: like.get(name)!.shape, data: data.map(Math.fround) }]));

/** The parameters of a model whose name matches. */
export const partOf = (model: ReferenceModel, pattern: RegExp): ReferenceModel =>
  new Map([...model].filter(([name]) => pattern.test(name)));
