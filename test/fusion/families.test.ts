/** Every method over whole models of two families, tensor by tensor to the last bit of f32, with its figures. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type GivenParameters, readParameters, rowOf } from '../../src/catalog-parameters.ts';
import { publishModel } from '../../src/formats/publish-model.ts';
import { fuse } from '../../src/fusion/fuse.ts';
import { withFusion } from '../../src/fusion/open-fusion.ts';
import type { FusionFigure, FusionPlan } from '../../src/fusion/types.ts';
import { encoderCatalog } from '../../src/model/families/catalog.ts';
import { newArchitecture } from '../../src/model/new-architecture.ts';
import type { ModelSpec, NamedTensor } from '../../src/model/types.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { tinyArchitecture, tinySpec, writeTinyModel } from '../formats/tiny-model.ts';
import { modelStock, sce, slerp, taskArithmetic, ties, type Vectors } from '../reference/fusion-methods.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const sizes = { layers: 2, width: 12, heads: 3, keyValueHeads: 1, headSize: 4, innerWidth: 20, maxPositions: 16 };
const row = rowOf(encoderCatalog, 'qwen3', 'family');
const decoder = newArchitecture(
  'qwen3',
  readParameters(row, sizes, 'architecture'),
  tinyArchitecture.vocabularySize,
  0,
);

const specs: ModelSpec[] = [tinySpec, { ...tinySpec, family: 'qwen3', architecture: decoder, pooling: 'lasttoken' }];

describe.each(specs.map((spec) => [spec.family, spec] as const))('models of the family %s', (_, spec) => {
  const folder = temporaryFolder();
  let storage: Storage;
  let initial = '';
  let models: readonly (readonly NamedTensor[])[] = [];
  let checkpoints: string[] = [];

  /** Writes a model that moved by scale x a tensor's own size, and keeps its tensors. */
  async function publish(seed: number, scale: number, initialisation: string | null): Promise<string> {
    const tensors: NamedTensor[] = [];
    const change = (tensor: NamedTensor): NamedTensor => {
      const random = new RandomStream(seed, tensors.length);
      const factor = scale * (1 + (tensors.length % 3));
      tensors.push({ ...tensor, data: tensor.data.map((value) => value + factor * (random.float() - 0.5)) });
      return tensors.at(-1)!;
    };
    const content = { spec: { ...spec, initialisation }, change };
    const { digest } = await publishModel(storage, content.spec, (path) => writeTinyModel(path, content));
    models = [...models, tensors];
    return digest;
  }

  beforeAll(async () => {
    storage = openStorage(folder());
    initial = await publish(1, 0, null);
    checkpoints = [];
    for (const [k, scale] of [0.1, 1e-7, 0.03, 0.2].entries()) checkpoints.push(await publish(2 + k, scale, initial));
  });

  const vectorsOf = (i: number, weights: readonly number[]): Vectors => {
    const [start, ...others] = models.map((tensors) => [...tensors[i]!.data]);
    return { initial: start!, checkpoints: others, weights };
  };

  async function expectEqual(plan: FusionPlan, reference: (vectors: Vectors) => readonly number[]) {
    const weights = plan.weights ?? checkpoints.map(() => 1);
    return withFusion(storage, { plan, initial, checkpoints }, {}, async ({ tensors, figures }) => {
      let done = 0;
      for await (const { name, data } of tensors) {
        expect(name).toBe(models[0]![done]!.name);
        expect(data).toEqual(Float32Array.from(reference(vectorsOf(done, weights))));
        done++;
      }
      expect(done).toBe(models[0]!.length);
      return Object.fromEntries(figures().map(({ name, value }: FusionFigure) => [name, value]));
    });
  }

  const planOf = (method: FusionPlan['method'], parameters: GivenParameters, weights?: readonly number[]) => ({
    ...{ method, parameters },
    ...(weights && { weights }),
  });

  it('task arithmetic, weighted', async () => {
    const plan = planOf('task-arithmetic', { lambda: 0.4 }, [1, 2, 0, -0.5]);
    expect(await expectEqual(plan, (vectors) => taskArithmetic(vectors, { lambda: 0.4 }))).toEqual({});
  });

  it('TIES, weighted', async () => {
    const plan = planOf('ties', {}, [1, 2, 0.5, 1]);
    await expectEqual(plan, (vectors) => ties(vectors, { density: 0.2, lambda: 1 }));
  });

  it('SCE tells the share kept', async () => {
    let [kept, all] = [0, 0];
    const figures = await expectEqual(planOf('sce', { density: 0.3 }), (vectors) => {
      const { merged, kept: count } = sce(vectors, { density: 0.3 });
      [kept, all] = [kept + count, all + merged.length];
      return merged;
    });
    expect(figures).toEqual({ keptShare: kept / all });
  });

  it('Model Stock tells the mean ratio', async () => {
    const ratios: number[] = [];
    const figures = await expectEqual(planOf('model-stock', {}), (vectors) => {
      const { merged, ratio } = modelStock(vectors);
      ratios.push(ratio);
      return merged;
    });
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    expect(figures).toEqual({ meanRatio: expect.closeTo(mean, 12) });
  });

  it.each(['weights', 'deltas'] as const)('slerp of %s along the tree tells lerps and angles', async (of) => {
    const angles: number[] = [];
    let lerpTensors = 0;
    const figures = await expectEqual(planOf('slerp', { of }, [1, 3, 2, 0.5]), (vectors) => {
      const { merged, pairs } = slerp(vectors, { of });
      angles.push(...pairs.flatMap(({ angle }) => angle ?? []));
      if (pairs.some(({ lerp }) => lerp)) lerpTensors++;
      return merged;
    });
    const sorted = angles.sort((a, b) => a - b);
    const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
    expect(figures).toEqual({ tensors: models[0]!.length, lerpTensors, medianAngle: expect.closeTo(median, 7) });
  });

  it('are written with the same figures', async () => {
    const { figures } = await fuse(storage, { plan: planOf('slerp', {}), initial, checkpoints });
    const names = [{ name: 'tensors', value: models[0]!.length }, { name: 'lerpTensors' }, { name: 'medianAngle' }];
    expect(figures).toMatchObject(names);
  });
});
