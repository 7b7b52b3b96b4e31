import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { publishModel } from '../../src/formats/publish-model.ts';
import { fusionGranularities } from '../../src/fusion/catalog.ts';
import { fuse } from '../../src/fusion/fuse.ts';
import type { FusionPlan } from '../../src/fusion/types.ts';
import { encoderParameters } from '../../src/model/parameter-shapes.ts';
import type { ModelSpec, NamedTensor } from '../../src/model/types.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { tinyArchitecture, tinySpec, writeTinyModel } from '../formats/tiny-model.ts';
import { deltaGuided, linear, type ReferenceModel, uniformSoup } from '../reference/fusion.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const parameters = encoderParameters('bert', tinyArchitecture);
const groupOf = new Map(parameters.map(({ name, group }) => [name, group]));

describe('fusing checkpoints', () => {
  const folder = temporaryFolder();
  let storage: Storage;
  let initial = '';
  let checkpoints: string[] = [];

  const publish = async (spec: ModelSpec, change?: (tensor: NamedTensor) => NamedTensor): Promise<string> =>
    (await publishModel(storage, spec, (path) => writeTinyModel(path, { spec, change }))).digest;

  /** Moves by scale x a tensor's own size; tensors of even number stay for the checkpoint that `still` says. */
  const moved =
    (seed: number, scale: number, still = false) =>
    (tensor: NamedTensor) => {
      const number = parameters.findIndex(({ name }) => name === tensor.name);
      if (still && number % 2 === 0) return tensor;
      const random = new RandomStream(seed, number);
      return {
        ...tensor,
        data: tensor.data.map((value) => value + scale * (random.float() - 0.5) * (1 + (number % 3))),
      };
    };

  beforeAll(async () => {
    storage = openStorage(folder());
    initial = await publish(tinySpec);
    const spec = { ...tinySpec, initialisation: initial };
    checkpoints = [
      await publish(spec, moved(1, 0.1)),
      await publish(spec, moved(2, 0.02, true)),
      await publish(spec, moved(3, 1e-9)),
    ];
  });

  async function load(digest: string): Promise<ReferenceModel> {
    const model = await readModelFolder(storage.path('models', digest));
    const tensors = new Map<string, { shape: readonly number[]; data: number[] }>();
    for (const { name, shape } of parameters) tensors.set(name, { shape, data: [...(await model.weights.read(name))] });
    await model.close();
    return tensors;
  }

  const run = async (plan: FusionPlan, digests = checkpoints) =>
    load((await fuse(storage, { plan, initial, checkpoints: digests })).digest);

  /** Equal to the float64 reference, rounded once, to the last bit of f32. */
  function expectEqual(found: ReferenceModel, expected: ReadonlyMap<string, readonly number[]>): void {
    for (const [name, { data }] of found) {
      expect(Float32Array.from(data), name).toEqual(Float32Array.from(expected.get(name)!));
    }
  }

  it('uniform soup is the mean of the weights', async () => {
    const found = await run({ method: 'uniform-soup', parameters: {} });
    expectEqual(found, uniformSoup(await Promise.all(checkpoints.map(load))));
  });

  it('linear divides the weights by their sum, and is the soup where they are equal', async () => {
    const models = await Promise.all(checkpoints.map(load));
    for (const weights of [
      [0.7, 0.2, 0.1],
      [3, -1, 0.5],
      [0, 0, 4],
    ]) {
      expectEqual(await run({ method: 'linear', parameters: {}, weights }), linear(models, weights));
    }
    const input = { initial, checkpoints };
    const soup = await fuse(storage, { ...input, plan: { method: 'uniform-soup', parameters: {} } });
    const equal = await fuse(storage, { ...input, plan: { method: 'linear', parameters: {}, weights: [2, 2, 2] } });
    expect(equal.digest).toBe(soup.digest);
  });

  it.each(fusionGranularities)(
    'delta-guided by %s equals the formula, for every power and lambda',
    async (granularity) => {
      const start = await load(initial);
      const models = await Promise.all(checkpoints.map(load));
      for (const [power, lambda] of [
        [1, 1],
        [0, 1],
        [2, 0.5],
        [-1, 1],
        [-2, 1.5],
        [0.5, -1],
        [8, 1],
        [-8, 1],
      ]) {
        const found = await run({ method: 'delta-guided', parameters: { granularity, power, lambda } });
        const expected = deltaGuided(start, models, { granularity, power, lambda }, (name) => groupOf.get(name)!);
        expectEqual(found, expected);
      }
    },
  );

  it('defaults to tensors, power 1 and lambda 1', async () => {
    const input = { initial, checkpoints };
    const plain = await fuse(storage, { ...input, plan: { method: 'delta-guided', parameters: {} } });
    const named = { granularity: 'tensor', power: 1, lambda: 1 };
    const full = await fuse(storage, { ...input, plan: { method: 'delta-guided', parameters: named } });
    expect(full.digest).toBe(plain.digest);
  });

  it('power 0 is the uniform soup; checkpoints that did not move give theta_0', async () => {
    const zero = await run({ method: 'delta-guided', parameters: { power: 0 } });
    expectEqual(zero, uniformSoup(await Promise.all(checkpoints.map(load))));
    const start = await load(initial);
    for (const power of [-1, 0, 1]) {
      expect(await run({ method: 'delta-guided', parameters: { power } }, [initial, initial])).toEqual(start);
    }
  });

  it('gives the fused model its lineage, so that it can be fused again', async () => {
    const plan: FusionPlan = { method: 'uniform-soup', parameters: {} };
    const fused = await fuse(storage, { plan, initial, checkpoints });
    expect(fused).toMatchObject({ family: 'bert', dimension: 8, layers: 2, vocabularySize: 17, maxLength: 12 });
    const model = await readModelFolder(storage.path('models', fused.digest));
    expect(model.spec).toEqual({ ...tinySpec, initialisation: initial });
    await model.close();
    const again = await fuse(storage, { plan, initial, checkpoints: [fused.digest, checkpoints[0]] });
    expect(again.digest).not.toBe(fused.digest);
  });

  it('takes the deltas from another base than the root, to which the result still descends', async () => {
    const [base, ...others] = checkpoints as [string, string, string];
    const plan: FusionPlan = { method: 'delta-guided', parameters: {} };
    const { digest } = await fuse(storage, { plan, initial, base, checkpoints: others });
    const models = await Promise.all(others.map(load));
    const settings = { granularity: 'tensor', power: 1, lambda: 1 } as const;
    const expected = deltaGuided(await load(base), models, settings, (name) => groupOf.get(name)!);
    expectEqual(await load(digest), expected);
    expect((await fuse(storage, { plan, initial, checkpoints: others })).digest).not.toBe(digest);
    const { spec, close } = await readModelFolder(storage.path('models', digest));
    await close();
    expect(spec.initialisation).toBe(initial);
  });

  it.each(['uniform-soup', 'delta-guided'] as const)('%s refuses weights that are not finite', async (method) => {
    const { name: broken } = parameters[3];
    const spoil =
      (value: number) =>
      ({ data, ...tensor }: NamedTensor): NamedTensor => ({
        ...tensor,
        data: data.map((weight, i) => (tensor.name === broken && i === 1 ? value : weight)),
      });
    for (const value of [Number.NaN, Infinity]) {
      const bad = await publish({ ...tinySpec, initialisation: initial }, spoil(value));
      await expect(
        fuse(storage, { plan: { method, parameters: {} }, initial, checkpoints: [checkpoints[0], bad] }),
      ).rejects.toMatchObject({
        message: expect.stringMatching(`The model ${bad} cannot be fused: .*tensor ${broken} holds ${value} at 1`),
        details: { field: 'checkpoints' },
      });
    }
  });

  it('refuses strangers', async () => {
    const plan: FusionPlan = { method: 'uniform-soup', parameters: {} };
    const other = await publish(tinySpec, moved(9, 1));
    const child = await publish({ ...tinySpec, initialisation: other }, moved(9, 2));
    const cls = await publish({ ...tinySpec, initialisation: initial, pooling: 'cls' });
    const templates = { ...tinySpec.templates, query: 'find: ' };
    const asking = await publish({ ...tinySpec, initialisation: initial, templates });
    const refusal = async (start: string, digests: string[]): Promise<string> =>
      fuse(storage, { plan, initial: start, checkpoints: digests }).then(
        () => 'fused',
        (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
      );
    expect(await refusal(initial, [checkpoints[0], child])).toBe(
      `BAD_USER_INPUT: The checkpoint ${child} descends from ${other}, not from ${initial}`,
    );
    expect(await refusal(initial, [other])).toMatch(/descends from itself/);
    expect(await refusal(initial, [cls])).toMatch(/has another pooling/);
    expect(await refusal(initial, [asking])).toMatch(/has another templates/);
    await expect(fuse(storage, { plan, initial, base: child, checkpoints })).rejects.toThrow(/descends from/);
    expect(await refusal(checkpoints[0], [checkpoints[1]])).toMatch(/descends from/);
    expect(await refusal(initial, [])).toMatch(/no checkpoint to fuse/);
    expect(await refusal(initial, ['feed'])).toMatch(/UNAVAILABLE/);
  });

  it('refuses plans that are none', async () => {
    const refusal = (plan: unknown): Promise<unknown> =>
      expect(fuse(storage, { plan: plan as FusionPlan, initial, checkpoints })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    await refusal({ method: 'magic', parameters: {} });
    for (const wrong of [{ power: 9 }, { power: Number.NaN }, { power: '1' }, { granularity: 'word' }, { alpha: 1 }]) {
      await refusal({ method: 'delta-guided', parameters: wrong });
    }
  });

  it('refuses weights that are none, and what f32 cannot hold', async () => {
    const refusal = (weights: number[]) => run({ method: 'linear', parameters: {}, weights });
    await expect(refusal([1, 2])).rejects.toMatchObject({ details: { field: 'input.plan.weights' } });
    await expect(refusal([1, -2, 1])).rejects.toThrow('sum to 0');
    const large = run({ method: 'task-arithmetic', parameters: {}, weights: [1e300, 1, 1] });
    await expect(large).rejects.toThrow(/The fused tensor .* holds -?Infinity at/);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const before = await readdir(join(storage.root, 'objects/models'));
    const stop = new AbortController();
    const stopped = fuse(
      storage,
      { plan: { method: 'delta-guided', parameters: { lambda: 0.123 } }, initial, checkpoints },
      { signal: stop.signal, onTensor: (done) => done === 5 && stop.abort(new Error('enough')) },
    );
    await expect(stopped).rejects.toThrow('enough');
    expect(await readdir(join(storage.root, 'objects/models'))).toEqual(before);
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });
});
