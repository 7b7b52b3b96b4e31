/** The file of `tandem fuse --plan`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPlanFile } from '../../src/cli/plan-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

async function read(text: string | Uint8Array) {
  const path = join(folder(), 'plan.yaml');
  await writeFile(path, text);
  return readPlanFile(path, async (name) => `id of ${name}`);
}

describe('a file with a plan', () => {
  const plan = {
    method: 'DELTA_GUIDED',
    parameters: { granularity: 'LAYER', power: 0.5 },
    only: ['encoder.*'],
    inputs: [
      {
        plan: {
          method: 'LINEAR',
          weights: [2, 1],
          inputs: ['a', 'b'].map((name) => ({ checkpoint: { id: `id of ${name}` } })),
        },
      },
      { checkpoint: { id: 'id of c' } },
    ],
  };

  it('is YAML', async () => {
    const text = `# inside the runs, then across them
base: start
method: delta-guided
parameters: {granularity: layer, power: 0.5}
only: [encoder.*]
inputs:
- plan:
    method: linear
    weights: [2, 1]
    inputs: [a, b]
- checkpoint: c
`;
    expect(await read(text)).toEqual({ base: 'start', plan });
  });

  it('may be JSON', async () => {
    const inputs = [{ plan: { method: 'linear', weights: [2, 1], inputs: ['a', { checkpoint: 'b' }] } }, 'c'];
    const parameters = { granularity: 'layer', power: 0.5 };
    const root = { method: 'delta-guided', parameters, only: ['encoder.*'], inputs };
    expect(await read(JSON.stringify(root))).toEqual({ plan });
  });

  it.each<[string, string | Uint8Array, string, RegExp]>([
    ['no YAML', 'a: [', 'file', /is no YAML/],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe, 0x61), 'file', /is not UTF-8/],
    ['no keys', '- a', 'file', /holds no keys/],
    ['no method', 'inputs: [a, b]', 'method', /method in .* is missing/],
    ['no inputs', 'method: linear', 'inputs', /is no list/],
    ['another key', 'method: linear\nweight: [1]\ninputs: [a]', 'weight', /is not read/],
    ['an input of both', 'method: linear\ninputs: [{checkpoint: a, plan: {}}]', 'inputs.0', /neither/],
    ['an input of nothing', 'method: linear\ninputs: [{}]', 'inputs.0', /neither/],
    ['a number as a name', 'method: linear\ninputs: [{checkpoint: 1}]', 'inputs.0.checkpoint', /is no name/],
    ['a fault further down', 'method: linear\ninputs: [{plan: {method: linear}}]', 'inputs.0.plan.inputs', /no list/],
  ])('is refused with %s', async (_what, text, field, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
      details: { field, expected: expect.any(String), remedy: expect.any(String) },
    });
  });

  it('is refused where there is none', async () => {
    await expect(readPlanFile(join(folder(), 'none'), async (name) => name)).rejects.toThrow(/cannot be read/);
  });
});
