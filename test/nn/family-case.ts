/**
 * A golden of test/fixtures/families (make_families.py): a small model, what transformers computes with it, its
 * gradients.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import { readConfig } from '../../src/model/families/config-json.ts';
import { elementCount, encoderParameters } from '../../src/model/parameter-shapes.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import type { Encoder } from '../../src/nn/encoders/encoder.ts';
import { forwardPassOf } from '../../src/nn/encoders/index.ts';
import { pool } from '../../src/nn/ops/pooling.ts';
import { Tape, type Value } from '../../src/nn/tape.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';

export const goldenModes = ['mean', 'cls', 'lasttoken'] as const;

export interface FamilyCase {
  readonly spec: EncoderSpec;
  readonly texts: PackedTexts;
  readonly config: Readonly<Record<string, unknown>>;
  /** Token ids of a text with padding tokens inside, where the golden has one. */
  readonly padded: PackedTexts | undefined;
  /** Any tensor of the golden by its name there. */
  readonly tensor: (name: string) => Float32Array;
}

const fixture = (name: string): URL => new URL(`../fixtures/families/${name}`, import.meta.url);

/** All goldens. */
export const goldenNames = readdirSync(fixture('.'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

/** One golden of every model_type: the one that has its name. */
export const modelTypes = goldenNames.filter((name) => {
  const { config } = JSON.parse(readFileSync(fixture(`${name}.json`), 'utf8')) as { config: { model_type: string } };
  return config.model_type === name;
});

export async function openFamilyCase(name: string): Promise<FamilyCase> {
  const { config, texts, padded } = JSON.parse(await readFile(fixture(`${name}.json`), 'utf8')) as {
    config: Record<string, unknown>;
    texts: number[][];
    padded?: number[];
  };
  const spec: EncoderSpec = { ...readConfig({ path: `${name}.json`, fields: config }), pooling: 'mean' };
  const reader = await openSafetensors(fixture(`${name}.safetensors`).pathname);
  const tensors = new Map<string, Float32Array>();
  try {
    for (const [key, { shape }] of reader.tensors) tensors.set(key, await reader.read(key, shape));
    // The golden holds exactly the family's parameters.
    const own = [...tensors.keys()].filter((key) => key.startsWith('weights.')).map((key) => key.slice(8));
    const expected = encoderParameters(spec.family, spec.architecture);
    const names = expected.map((parameter) => parameter.name);
    if (String(own.sort()) !== String(names.sort())) throw new Error(`${name}: ${own} are not ${names}`);
    for (const parameter of expected) {
      const found = tensors.get(`weights.${parameter.name}`)!;
      if (found.length !== elementCount(parameter.shape))
        throw new Error(`${name}: ${parameter.name} has another shape`);
    }
  } finally {
    await reader.close();
  }
  return {
    spec,
    config,
    texts: pack(texts),
    padded: padded && pack([padded]),
    tensor: (key) => {
      const found = tensors.get(key);
      if (found === undefined) throw new Error(`${name} has no ${key}`);
      return found;
    },
  };
}

/** The vectors of a golden's texts by their pooling, and in the parameters the gradients of the golden's loss. */
export async function giveGradients(
  golden: FamilyCase,
  { gpu, spec, parameters }: Encoder,
): Promise<ReadonlyMap<string, Float32Array>> {
  const batch = makeBatch(gpu, golden.texts);
  const tape = new Tape(gpu, true);
  const hidden = forwardPassOf(spec.family).run(tape, parameters, spec, { batch, keepInner: true });
  const vectors: [string, Value][] = goldenModes.map((mode) => [mode, pool(tape, hidden.final, batch, mode)]);
  vectors.push(['inner', pool(tape, hidden.inner, batch, 'mean')]);
  for (const [mode, value] of vectors) {
    const gradient = tape.lease('gradient', value.tensor.shape);
    gpu.write(gradient, golden.tensor(`factors.${mode}`));
    tape.give(value, gradient);
  }
  const pooled = new Map<string, Float32Array>();
  for (const [mode, value] of vectors) pooled.set(mode, await gpu.read(value.tensor));
  parameters.clearGradients();
  tape.backward();
  tape.dispose();
  releaseBatch(gpu, batch);
  return pooled;
}

/** Texts one after the other; all their tokens are pooled. */
function pack(texts: readonly (readonly number[])[]): PackedTexts {
  const cumulative = new Uint32Array(texts.length + 1);
  texts.forEach((ids, b) => {
    cumulative[b + 1] = cumulative[b]! + ids.length;
  });
  return { ids: Uint32Array.from(texts.flat()), cumulative, poolStart: new Uint32Array(texts.length) };
}
