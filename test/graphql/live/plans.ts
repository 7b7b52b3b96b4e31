/** Fusions by plans of several levels, through the API. */
import { describe, expect, it } from 'vitest';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

const node = `parent weight method only parameters { power } checkpoint { id }`;

interface Fused {
  readonly fuseCheckpoints: {
    readonly checkpoint: {
      readonly id: string;
      readonly digest: string;
      readonly fusion: Readonly<Record<string, unknown>>;
    };
  };
}

export function planSuite(live: () => Live): void {
  const fused = async (input: object) => {
    const mutation = `mutation($input: FuseCheckpointsInput!) {
      fuseCheckpoints(input: $input) {
        checkpoint { id digest fusion { method weights text base { id } checkpoints { id } nodes { ${node} } } }
      }
    }`;
    return (await get<Fused>(live(), mutation, { input })).fuseCheckpoints.checkpoint;
  };
  const planned = async (input: object) => {
    const query = `query($input: FuseCheckpointsInput!) {
      planFusion(input: $input) {
        text tensors mergedTensors bytes memoryBytes base { id } checkpoints { id } nodes { ${node} }
      }
    }`;
    return (await get<{ planFusion: Readonly<Record<string, unknown>> }>(live(), query, { input })).planFusion;
  };
  const checkpoint = (id: string) => ({ checkpoint: { id } });
  const soup = (...inputs: object[]) => ({ method: 'UNIFORM_SOUP', inputs });

  describe('plans of fusions', () => {
    it('give what their fusions give one after the other, and tell the tree', async () => {
      const [first = '', last = ''] = live().made.checkpoints;
      const within = soup(checkpoint(first), checkpoint(last));
      const plan = { method: 'LINEAR', weights: [3, 1], inputs: [{ plan: within }, checkpoint(last)] };
      const whole = await fused({ plan });
      const inner = await fused({ checkpoints: [first, last], method: 'UNIFORM_SOUP' });
      const outer = await fused({ checkpoints: [inner.id, last], method: 'LINEAR', weights: [3, 1] });
      expect(whole.digest).toBe(outer.digest);
      const nodes = [
        { parent: null, weight: null, method: 'LINEAR', only: null, parameters: { power: null }, checkpoint: null },
        { parent: 0, weight: 3, method: 'UNIFORM_SOUP', only: null, parameters: { power: null }, checkpoint: null },
        { parent: 1, weight: null, method: null, only: null, parameters: null, checkpoint: { id: first } },
        { parent: 1, weight: null, method: null, only: null, parameters: null, checkpoint: { id: last } },
        { parent: 0, weight: 1, method: null, only: null, parameters: null, checkpoint: { id: last } },
      ];
      expect(whole.fusion).toMatchObject({ method: 'LINEAR', weights: [3, 1], nodes });
      expect(whole.fusion['checkpoints']).toEqual([{ id: first }, { id: last }]);
      expect(whole.fusion['text']).toMatch(
        /^linear\n├─ 75 % uniform-soup\n│ {2}├─ .+, step \d+\n│ {2}└─ (.+, step \d+)\n└─ 25 % \1$/,
      );
      const { tensors, mergedTensors, bytes, memoryBytes, ...shown } = await planned({ plan });
      const { text, base, checkpoints } = whole.fusion;
      expect(shown).toEqual({ text, base, checkpoints, nodes });
      expect(mergedTensors).toBe(tensors);
      expect(Number(memoryBytes)).toBeGreaterThan(Number(bytes) / Number(tensors));
      for (const { id } of [whole, outer, inner]) {
        await get(live(), 'mutation($id: ID!) { deleteCheckpoint(id: $id) { deletedId } }', { id });
      }
    });

    it('tell a fusion of one method as one node', async () => {
      const { checkpoints } = live().made;
      const flat = await planned({ checkpoints, method: 'DELTA_GUIDED', parameters: { power: 2 } });
      expect(flat['nodes']).toMatchObject([
        { parent: null, weight: null, method: 'DELTA_GUIDED', parameters: { power: 2 } },
        ...checkpoints.map((id) => ({ parent: 0, weight: null, method: null, checkpoint: { id } })),
      ]);
      const named = { method: 'DELTA_GUIDED', parameters: { power: 2 }, inputs: checkpoints.map(checkpoint) };
      expect(await planned({ plan: named })).toEqual(flat);
    });

    it('are limited to parameters by globs', async () => {
      const [first = '', last = ''] = live().made.checkpoints;
      const only = ['encoder.layer.*'];
      const part = { ...soup(checkpoint(first), checkpoint(last)), only };
      const { tensors, mergedTensors, nodes, text } = await planned({ plan: part });
      expect(Number(mergedTensors)).toBeGreaterThan(0);
      expect(Number(mergedTensors)).toBeLessThan(Number(tensors));
      expect(nodes).toMatchObject([{ only }, { only: null }, { only: null }]);
      expect(text).toMatch(/^uniform-soup, only encoder\.layer\.\*\n/);
    });

    it.each<[string, (ids: readonly string[]) => object, string]>([
      ['neither a method nor a plan', (checkpoints) => ({ checkpoints }), 'input.method'],
      ['no checkpoints', () => ({ method: 'UNIFORM_SOUP' }), 'input.checkpoints'],
      [
        'a plan beside checkpoints',
        ([id = '']) => ({ plan: soup(checkpoint(id)), checkpoints: [id] }),
        'input.checkpoints',
      ],
      [
        'a parameter of an inner node out of its range',
        ([a = '', b = '']) => ({
          plan: soup(checkpoint(a), {
            plan: { method: 'DELTA_GUIDED', parameters: { power: 9 }, inputs: [checkpoint(a), checkpoint(b)] },
          }),
        }),
        'input.plan.inputs.1.plan.parameters.power',
      ],
      [
        'a glob without a match, before anything is merged',
        ([a = '', b = '']) => ({
          plan: soup({ plan: { ...soup(checkpoint(a), checkpoint(b)), only: ['*', 'nothing'] } }, checkpoint(a)),
        }),
        'input.plan.inputs.0.plan.only.1',
      ],
      [
        'a checkpoint that is none',
        ([a = '']) => ({ plan: soup(checkpoint(a), checkpoint('7')) }),
        'input.plan.inputs.1.checkpoint.id',
      ],
      ['one input', ([a = '']) => ({ plan: soup(checkpoint(a)) }), 'input.plan.inputs'],
      [
        'a checkpoint twice in a node',
        ([a = '']) => ({ plan: soup(checkpoint(a), checkpoint(a)) }),
        'input.plan.inputs.1.checkpoint',
      ],
    ])('are refused for %s', async (_what, inputOf, field) => {
      const input = inputOf(live().made.checkpoints);
      const refused = ['BAD_USER_INPUT', field];
      expect(await inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', input)).toEqual(refused);
      const query = 'query($input: FuseCheckpointsInput!) { planFusion(input: $input) { text } }';
      const { extensions } = await refusal(live(), query, { input });
      expect([extensions['code'], extensions['field']]).toEqual(refused);
    });

    it('may be configurations of mergekit, by aliases, by given names and by models', async () => {
      const [first = '', last = ''] = live().made.checkpoints;
      const named = { name: './second', checkpoint: { id: last } };
      const alias =
        'mutation($input: SetCheckpointAliasInput!) { setCheckpointAlias(input: $input) { checkpoint { id } } }';
      await get(live(), alias, { input: { checkpoint: first, alias: 'first' } });
      const { model } = await get<{ model: { name: string } }>(live(), 'query($id: ID!) { model(id: $id) { name } }', {
        id: live().made.model,
      });
      const list = `models:\n- {model: first, parameters: {weight: 3}}\n- {model: ./second, parameters: {weight: 1}}`;
      const linear = { text: `merge_method: linear\n${list}`, models: [named] };
      const flat = { checkpoints: [first, last], weights: [3, 1] };
      expect(await planned({ mergekit: linear })).toEqual(await planned({ ...flat, method: 'LINEAR' }));
      const text = `merge_method: task_arithmetic\nbase_model: ${JSON.stringify(model.name)}\n${list}`;
      const arithmetic = await planned({ mergekit: { text, models: [named] } });
      expect(arithmetic).toEqual(await planned({ ...flat, method: 'TASK_ARITHMETIC' }));
      const refused = (mergekit: object, more: object = {}) =>
        inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', { mergekit, ...more });
      expect(await refused({ text })).toEqual(['NOT_FOUND', 'input.mergekit.text.models.1.model']);
      expect(await refused({ text: text.replace('task_arithmetic', 'della'), models: [named] })).toEqual([
        ...['BAD_USER_INPUT', 'input.mergekit.text.merge_method'],
      ]);
      expect(await refused({ text, models: [named, { ...named, name: 'third' }] })).toEqual([
        ...['BAD_USER_INPUT', 'input.mergekit.models'],
      ]);
      expect(await refused(linear, { base: { id: first } })).toEqual(['BAD_USER_INPUT', 'input.base']);
      const twice = { name: './second', checkpoint: { id: first } };
      expect(await refused({ ...linear, models: [twice] })).toEqual([
        ...['BAD_USER_INPUT', 'input.mergekit.text.models.1.model'],
      ]);
      await get(live(), alias, { input: { checkpoint: first, alias: null } });
    });

    it('are refused where they are too large, before a checkpoint is looked up', async () => {
      const nested = (levels: number): object => {
        const inputs = [checkpoint('no id'), checkpoint('no id')];
        return levels === 1 ? soup(...inputs) : soup({ plan: nested(levels - 1) }, inputs[0]!);
      };
      const found = await inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', { plan: nested(9) });
      expect(found).toEqual(['LIMIT_EXCEEDED', `input.plan${'.inputs.0.plan'.repeat(8)}`]);
    });
  });
}
