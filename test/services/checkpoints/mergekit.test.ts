/** Configurations of mergekit in the words of a plan, and what of them is refused. */
import { describe, expect, it } from 'vitest';
import { readMergekit } from '../../../src/services/checkpoints/mergekit/translate.ts';

const read = (text: string) => readMergekit(text, 'input.mergekit.text');
const planOf = (text: string) => {
  const { models, base, plan } = read(text);
  return { models: models.map(({ name }) => name), base, plan };
};

/** A method over a and b with the base c. */
const merge = (method: string, { a = '', b = '', parameters = '', base = 'base_model: c' } = {}): string =>
  `merge_method: ${method}\n${base}\nmodels:\n- model: a\n${a}\n- model: b\n${b}\n${parameters}`;
const own = (parameters: string): string => `  parameters: {${parameters}}`;
const all = (parameters: string): string => `parameters: {${parameters}}`;

describe('a configuration of mergekit', () => {
  it('linear: weights, divided by their sum', () => {
    const text = merge('linear', { a: own('weight: 0.7'), b: own('weight: 0.3'), base: 'dtype: float32' });
    const plan = { method: 'linear', parameters: {}, weights: [0.7, 0.3] };
    expect(planOf(text)).toEqual({ models: ['a', 'b'], base: null, plan });
    expect(planOf(`${text}\n${all('normalize: true')}`).plan).toEqual(plan);
    const halves = { a: own('weight: 0.25'), b: own('weight: 0.75'), parameters: all('normalize: false') };
    expect(planOf(merge('linear', { ...halves, base: 'base_model: a' })).plan.weights).toEqual([0.25, 0.75]);
  });

  it('slerp: from the base at t = 0, whichever comes first', () => {
    const plan = { method: 'slerp', parameters: { of: 'weights' }, weights: [0.75, 0.25] };
    const named = (base: string) => planOf(merge('slerp', { base: `base_model: ${base}`, parameters: all('t: 0.25') }));
    expect(named('a')).toEqual({ models: ['a', 'b'], base: null, plan });
    expect(named('b')).toEqual({ models: ['b', 'a'], base: null, plan });
    const alone = 'merge_method: slerp\nbase_model: c\nmodels: [{model: a}]\nparameters: {t: 1}';
    expect(planOf(alone)).toEqual({ models: ['c', 'a'], base: null, plan: { ...plan, weights: [0, 1] } });
  });

  it('task_arithmetic: weights as they are, or divided where it says so', () => {
    const models = { a: own('weight: 0.5'), b: own('weight: 1.5') };
    const plan = { method: 'task-arithmetic', parameters: {}, weights: [0.5, 1.5] };
    expect(planOf(merge('task_arithmetic', models))).toEqual({ models: ['a', 'b'], base: 'c', plan });
    const divided = merge('task_arithmetic', { ...models, parameters: all('normalize: true, lambda: 0.8') });
    expect(planOf(divided).plan).toEqual({ ...plan, parameters: { lambda: 0.8 }, weights: [0.25, 0.75] });
    const cancelled = { a: own('weight: 1'), b: own('weight: -1'), parameters: all('normalize: true') };
    expect(planOf(merge('task_arithmetic', cancelled)).plan.weights).toEqual([1, -1]);
  });

  it('passes the base over where it is among the models', () => {
    const text = merge('task_arithmetic', { b: own('weight: 2'), base: 'base_model: a' });
    expect(planOf(text)).toEqual({
      ...{ models: ['b'], base: 'a' },
      plan: { method: 'task-arithmetic', parameters: {}, weights: [2] },
    });
    expect(read(text).models[0]!.field).toBe('input.mergekit.text.models.1.model');
  });

  it('ties: a density for all, 1 where there is none', () => {
    const plan = { method: 'ties', parameters: { density: 0.3, lambda: 2 }, weights: [1, 0.5] };
    const each = { a: own('weight: 1, density: 0.3'), b: own('weight: 0.5, density: 0.3') };
    expect(planOf(merge('ties', { ...each, parameters: all('lambda: 2, int8_mask: true') })).plan).toEqual(plan);
    const shared = { b: own('weight: 0.5'), parameters: all('weight: 1, density: 0.3, lambda: 2, normalize: true') };
    expect(planOf(merge('ties', shared)).plan).toEqual(plan);
    const plain = planOf(merge('ties', { parameters: all('weight: 1') })).plan;
    expect(plain).toEqual({ method: 'ties', parameters: { density: 1 }, weights: [1, 1] });
  });

  it('sce and model_stock', () => {
    const sce = planOf(merge('sce', { parameters: all('select_topk: 0.1') }));
    expect(sce).toEqual({
      models: ['a', 'b'],
      base: 'c',
      plan: { method: 'sce', parameters: { density: 0.1 } },
    });
    expect(planOf(merge('sce')).plan.parameters).toEqual({ density: 1 });
    const stock = planOf(merge('model_stock', { parameters: all('filter_wise: false') }));
    expect(stock).toEqual({ models: ['a', 'b'], base: 'c', plan: { method: 'model-stock', parameters: {} } });
  });

  it('is YAML as PyYAML reads it: anchors, merge keys, comments, other truth values', () => {
    const text = `# two models
merge_method: ties
base_model: c
models:
- model: a
  parameters: &same {weight: 1, density: .5}
- model: "b/with: signs"
  parameters: {<<: *same, weight: 2e-1}
parameters:
  normalize: yes
tokenizer_source: base
out_dtype: float32
`;
    expect(planOf(text)).toEqual({
      models: ['a', 'b/with: signs'],
      base: 'c',
      plan: { method: 'ties', parameters: { density: 0.5 }, weights: [1, 0.2] },
    });
  });
});

describe('what mergekit does and this does not', () => {
  const weight = own('weight: 1');
  const both = { a: weight, b: weight };
  const gradient = { a: own('weight: [0, 1]'), b: weight };
  const filter = { a: own('weight: [{filter: mlp, value: 1}, {value: 0}]'), b: weight };
  it.each<[string, string, string, RegExp]>([
    ['text that is no YAML', 'a: [', '', /no YAML/],
    ['a text that is no map', 'linear', '', /is "linear"/],
    ['two documents', 'a: 1\n---\nb: 2', '', /no YAML/],
    ['a key twice', 'merge_method: a\nmerge_method: b', '', /no YAML: .*unique/],
    ['another method', merge('dare_ties', both), '.merge_method', /"dare_ties" is not read/],
    ['no method', 'models: []', '.merge_method', /is missing/],
    ['slices', 'merge_method: linear\nslices: []', '.slices', /"slices" is not read/],
    ['a tokenizer', `${merge('linear', both)}\ntokenizer: {source: base}`, '.tokenizer', /not read/],
    ['another type', `${merge('linear', both)}\ndtype: bfloat16`, '.dtype', /dtype is "bfloat16"/],
    ['a key that it does not know', `${merge('linear', both)}\nmodel: a`, '.model', /"model" is not read/],
    ['no models', 'merge_method: linear\nmodels: []', '.models', /no models/],
    ['a model without a name', 'merge_method: linear\nmodels: [{}]', '.models.0.model', /is missing/],
    [
      'layers of a model',
      'merge_method: sce\nmodels: [{model: a, layer_range: [0, 1]}]',
      '.models.0.layer_range',
      /not/,
    ],
    ['a gradient', merge('linear', gradient), '.models.0.parameters.weight', /gradient over layers, or has filters/],
    ['filters', merge('ties', filter), '.models.0.parameters.weight', /gradient over layers, or has filters/],
    ['a number as text', merge('ties', { ...both, parameters: all('lambda: "1"') }), '.parameters.lambda', /is "1"/],
    [
      'a model without a weight',
      merge('linear', { a: weight, base: '' }),
      '.models.1.parameters.weight',
      /weight is missing/,
    ],
    ['a base beside the models of linear', merge('linear', both), '.base_model', /no base model beside its models/],
    [
      'weights that are not divided',
      merge('linear', { ...both, base: '', parameters: all('normalize: false') }),
      '.parameters.normalize',
      /sum to 2/,
    ],
    [
      'a density of linear',
      merge('linear', { a: own('density: 1'), base: '' }),
      '.models.0.parameters.density',
      /no effect/,
    ],
    ['no base', merge('ties', { ...both, base: '' }), '.base_model', /ties has no base_model/],
    ['slerp of three', merge('slerp', { parameters: all('t: 0.5') }), '.models', /2 models beside the base/],
    ['slerp without t', merge('slerp', { base: 'base_model: a' }), '.parameters.t', /t is missing/],
    [
      'a list as t',
      merge('slerp', { base: 'base_model: a', parameters: all('t: [0, 1]') }),
      '.parameters.t',
      /gradient/,
    ],
    ['slerp beyond', merge('slerp', { base: 'base_model: a', parameters: all('t: 1.5') }), '.parameters.t', /t is 1.5/],
    [
      'weights of slerp',
      merge('slerp', { a: weight, base: 'base_model: a' }),
      '.models.0.parameters.weight',
      /no effect/,
    ],
    [
      'densities that differ',
      merge('ties', { a: own('weight: 1, density: 0.5'), b: weight }),
      '.models',
      /densities 0.5, 1 differ/,
    ],
    [
      'ties without division',
      merge('ties', { ...both, parameters: all('normalize: false') }),
      '.parameters.normalize',
      /not/,
    ],
    [
      'ties that rescales',
      merge('ties', { ...both, parameters: all('rescale: true') }),
      '.parameters.rescale',
      /not done/,
    ],
    [
      'filter-wise stock',
      merge('model_stock', { parameters: all('filter_wise: true') }),
      '.parameters.filter_wise',
      /not/,
    ],
    [
      'a number as truth',
      merge('model_stock', { parameters: all('filter_wise: 1') }),
      '.parameters.filter_wise',
      /is 1/,
    ],
    ['weights of sce', merge('sce', { a: weight }), '.models.0.parameters.weight', /no effect/],
  ])('refuses %s', (_what, text, path, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(message),
        details: expect.objectContaining({
          ...{ field: `input.mergekit.text${path}` },
          ...{ expected: expect.any(String), remedy: expect.any(String) },
        }),
      }),
    );
  });

  it.each([
    ['lists', '['],
    ['maps', '{a: '],
    ['entries', '- '],
    ['keys', '? '],
    ['lines', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('refuses a text of many levels of %s, again and again', (_what, part) => {
    for (const levels of [200, 5_000, 20_000]) {
      const text = part.length > 10 ? part : part.repeat(levels);
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    }
  });

  it('refuses a long text, and aliases that multiply', () => {
    expect(() => read(`# ${'x'.repeat(100_000)}`)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    const levels = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    expect(() => read(`a0: &a0 [1]\n${levels.join('\n')}`)).toThrow(/no YAML: .*alias/i);
  });
});
