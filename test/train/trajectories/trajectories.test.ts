/**
 * Ten updates of a pico BERT under each preset and under each loss alone, against the same ten by PyTorch in float64:
 * BERT of transformers, the losses written from docs/method.md, torch.optim.AdamW, the linear schedule of transformers.
 * The goldens are made by test/fixtures/trajectories/make_trajectories.py from the batches that this test writes where
 * TRAJECTORIES_OUT names a folder.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors, type TensorReader } from '../../../src/formats/safetensors.ts';
import { hasHeads } from '../../../src/model/heads.ts';
import { openStorage, type Storage } from '../../../src/storage/storage.ts';
import type { TrainInput } from '../../../src/train/types.ts';
import { expectClose } from '../../device.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { tolerances } from '../../tolerances.ts';
import { type TrajectoryCase, trajectoryCases } from './cases.ts';
import { digestOf, plainUpdates, prepareCase, publishPico, trainCase, updatesOf } from './run.ts';

const out = process.env['TRAJECTORIES_OUT'];
const fixtures = fileURLToPath(new URL('../../fixtures/trajectories/', import.meta.url));
const folder = temporaryFolder();

let storage: Storage;
/** By whether it has heads. */
const models = new Map<boolean, string>();
const modelOf = ({ heads }: TrajectoryCase): string => models.get(hasHeads(heads))!;
beforeAll(async () => {
  storage = openStorage(folder());
  for (const { heads } of trajectoryCases) {
    if (!models.has(hasHeads(heads))) models.set(hasHeads(heads), await publishPico(storage, heads));
  }
});

it.runIf(out)('writes the model and the batches for PyTorch', async () => {
  await mkdir(out!, { recursive: true });
  await cp(storage.path('models', models.get(false)!), join(out!, 'model'), { recursive: true });
  for (const each of trajectoryCases) {
    const input: TrainInput = await prepareCase(storage, modelOf(each), each);
    const { teacher } = input;
    if (teacher !== undefined) await cp(storage.path('models', teacher), join(out!, 'teacher'), { recursive: true });
    const updates = await updatesOf(storage, input);
    const { losses, matryoshka, optimizer } = each.settings;
    const { heads } = each;
    const content = { losses, heads, matryoshka, optimizer, digest: digestOf(updates), updates: plainUpdates(updates) };
    await writeFile(join(out!, `${each.name}.json`), JSON.stringify(content));
  }
});

interface Golden {
  /** sha256 of the batches that PyTorch was given. */
  readonly digest: string;
  readonly losses: readonly number[];
}

describe.skipIf(out)('ten updates as PyTorch makes them', () => {
  let goldens: Readonly<Record<string, Golden>>;
  let weights: TensorReader;
  beforeAll(async () => {
    goldens = JSON.parse(await readFile(join(fixtures, 'losses.json'), 'utf8'));
    weights = await openSafetensors(join(fixtures, 'weights.safetensors'));
  });
  afterAll(() => weights.close());

  it.each(trajectoryCases.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const golden = goldens[name]!;
    const input = await prepareCase(storage, modelOf(each), each);
    expect(digestOf(await updatesOf(storage, input)), 'the batches are those that PyTorch was given').toBe(
      golden.digest,
    );
    const trajectory = await trainCase(storage, input);
    expectClose(trajectory.losses, golden.losses, tolerances.picoTrajectory, 'loss of step');
    for (const [tensor, values] of trajectory.weights) {
      // A softmax is the same whatever is added to all keys: the gradient is nothing but roundings, AdamW's steps too.
      if (tensor.endsWith('attention.self.key.bias')) continue;
      expectNear(values, await weights.read(`${name}/${tensor}`), tensor);
    }
  });

  it('has no golden of a run that is gone', () => {
    expect(Object.keys(goldens).sort()).toEqual(trajectoryCases.map(({ name }) => name).sort());
  });
});

/** The norm of the difference is at most 1e-4 of that of the golden. */
function expectNear(actual: Float32Array, expected: Float32Array, what: string): void {
  const off = Math.hypot(...actual.map((value, i) => value - expected[i]!));
  expect(off, what).toBeLessThanOrEqual(1e-4 * Math.hypot(...expected));
}
