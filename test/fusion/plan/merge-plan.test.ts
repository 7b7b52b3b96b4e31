/** Plans of several levels against the formulas, composed by hand: equal to the last bit of f32. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FusionPlan } from '../../../src/fusion/types.ts';
import { exportedName } from '../../../src/model/parameter-names.ts';
import { openStorage, type Storage } from '../../../src/storage/storage.ts';
import { deltaGuided, type Granularity, linear, type ReferenceModel, uniformSoup } from '../../reference/fusion.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type FamilyModels, familyModels, figuresOf, fused, partOf, rounded } from './family-models.ts';

const soup = (...inputs: (number | FusionPlan)[]): FusionPlan => ({ method: 'uniform-soup', parameters: {}, inputs });
const guided = (granularity: Granularity, ...inputs: (number | FusionPlan)[]): FusionPlan => ({
  ...{ method: 'delta-guided', parameters: { granularity }, inputs },
});
const linearOf = (weights: number[], ...inputs: (number | FusionPlan)[]): FusionPlan => ({
  ...{ method: 'linear', parameters: {}, weights, inputs },
});

/** Two axes, tensors of several sizes, dense layers with names of their own; and a decoder without biases. */
describe.each(['modernbert-mean-dense', 'llama-weightedmean'] as const)('a plan over %s', (name) => {
  const folder = temporaryFolder();
  let storage: Storage;
  let family: FamilyModels;

  beforeAll(async () => {
    storage = openStorage(folder());
    family = await familyModels(storage, name, [0.1, 0.02, 0.004, 0.3]);
  });

  const run = ({ ...plan }: FusionPlan): Promise<ReferenceModel> => fused(storage, { plan, ...family });
  const round = (values: ReadonlyMap<string, readonly number[]>) => rounded(values, family.start);
  const settings = (granularity: Granularity) => ({ granularity, power: 1, lambda: 1 });
  const groupOf = (tensor: string) => family.parameters.find((parameter) => parameter.name === tensor)!.group;
  const guide = (granularity: Granularity, models: readonly ReferenceModel[], start = family.start) =>
    round(deltaGuided(start, models, settings(granularity), groupOf));

  it('of two levels merges inside groups, then across them', async () => {
    const [a, b, c, d] = family.models as [ReferenceModel, ReferenceModel, ReferenceModel, ReferenceModel];
    const inner = [round(uniformSoup([a, b])), guide('tensor', [c, d])];
    expect(await run(guided('row', soup(0, 1), guided('tensor', 2, 3)))).toEqual(guide('row', inner));
    const weighted = await run(linearOf([3, 1, -1], soup(0, 1), guided('tensor', 2, 3), 0));
    expect(weighted).toEqual(round(linear([...inner, a], [3, 1, -1])));
  });

  it.each<Granularity>(['layer', 'model', 'row'])('of three levels, by %s above and below', async (granularity) => {
    const [a, b, c, d] = family.models as [ReferenceModel, ReferenceModel, ReferenceModel, ReferenceModel];
    const lowest = guide(granularity, [b, c]);
    const middle = round(linear([a, lowest], [1, 2]));
    const plan = guided(granularity, linearOf([1, 2], 0, guided(granularity, 1, 2)), 3);
    expect(await run(plan)).toEqual(guide(granularity, [middle, d]));
  });

  it('is one node where it has one level, and does not depend on how inputs are spelled out', async () => {
    const plain: FusionPlan = { method: 'delta-guided', parameters: {} };
    const flat = await run(plain);
    expect(flat).toEqual(guide('tensor', family.models));
    expect(await run(guided('tensor', 0, 1, 2, 3))).toEqual(flat);
    expect(await run(linearOf([1], plain))).toEqual(flat);
  });

  it('takes a node part in what its globs match, and the base where nothing takes part', async () => {
    const [a, b, c, d] = family.models as [ReferenceModel, ReferenceModel, ReferenceModel, ReferenceModel];
    const first = family.parameters[0]!.name;
    const only = [`${first.slice(0, 5)}*`];
    const [inside, outside] = [new RegExp(`^${first.slice(0, 5)}`), new RegExp(`^(?!${first.slice(0, 5)})`)];
    // An input in part: where it takes none, the others are merged without it.
    const inPart = await run(linearOf([1, 3, 1], { ...soup(0, 1), only }, 2, 3));
    const inner = round(uniformSoup([a, b]));
    expect(partOf(inPart, inside)).toEqual(partOf(round(linear([inner, c, d], [1, 3, 1])), inside));
    expect(partOf(inPart, outside)).toEqual(partOf(round(linear([c, d], [3, 1])), outside));
    // The whole plan in part.
    const whole = await run({ ...soup(0, 1, 2, 3), only });
    expect(partOf(whole, inside)).toEqual(partOf(round(uniformSoup(family.models)), inside));
    expect(partOf(whole, outside)).toEqual(partOf(family.start, outside));
    // Groups of parameters are formed among those that the same inputs take part in.
    const grouped = await run(guided('model', { ...soup(0, 1), only }, 2, 3));
    const alike = [partOf(inner, inside), partOf(c, inside), partOf(d, inside)];
    expect(partOf(grouped, inside)).toEqual(guide('model', alike, partOf(family.start, inside)));
    const others = [partOf(c, outside), partOf(d, outside)];
    expect(partOf(grouped, outside)).toEqual(guide('model', others, partOf(family.start, outside)));
  });

  it('tells the figures of its nodes once, however often their tensors are merged', async () => {
    const spherical: FusionPlan = { method: 'slerp', parameters: {}, inputs: [1, 2] };
    const plan = guided('model', 0, soup(3, { method: 'model-stock', parameters: {}, inputs: [0, spherical] }));
    const figures = await figuresOf(storage, { plan, ...family });
    const tensors = family.parameters.length;
    expect(figures.map(({ node, name }) => [node, name])).toEqual([
      [4, 'meanRatio'],
      ...['tensors', 'lerpTensors', 'medianAngle'].map((name) => [6, name]),
    ]);
    expect(figures[1]!.value).toBe(tensors);
    expect(figures[2]!.value).toBeLessThanOrEqual(tensors);
  });

  it.each(['uniform-soup', 'slerp', 'model-stock', 'sce', 'ties', 'task-arithmetic'] as const)(
    'puts a model together of parts, of which each is one input alone (%s)',
    async (method) => {
      const [a, b] = family.models as [ReferenceModel, ReferenceModel];
      const [first, ...others] = [...family.start.keys()];
      const part = (checkpoint: number, tensors: string[]): FusionPlan => ({
        ...linearOf([1], checkpoint),
        only: tensors.map(exportedName),
      });
      const parameters = method === 'ties' ? { density: 1 } : {};
      const plan: FusionPlan = { method, parameters, inputs: [part(0, [first!]), part(1, others)] };
      const expected = new Map([...b].map(([tensor, value]) => [tensor, tensor === first ? a.get(tensor)! : value]));
      const { initial, checkpoints } = family;
      expect(await fused(storage, { plan, initial, checkpoints: checkpoints.slice(0, 2) })).toEqual(expected);
    },
  );
});
