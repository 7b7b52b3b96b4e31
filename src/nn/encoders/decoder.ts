/**
 * The forward pass of Llama, MiniCPM and Qwen3: pre-norm RMSNorm, rotary positions, grouped-query attention with or
 * without the causal mask, SwiGLU. MiniCPM's scalings apply where the architecture has them, Qwen3's norms of queries
 * and keys where the parameters exist. Dropout of attention weights only, as in transformers.
 */
import { headSizeOf, keyValueHeadsOf } from '../../model/architecture.ts';
import { attention } from '../ops/attention.ts';
import { gated } from '../ops/gated.ts';
import { linear } from '../ops/linear.ts';
import { residualAdd } from '../ops/residual.ts';
import { rmsNorm } from '../ops/rms-norm.ts';
import { type RotaryAngles, rotary, rotaryAngles } from '../ops/rotary.ts';
import { scaled } from '../ops/scaled.ts';
import { wordEmbedding } from '../ops/word-embedding.ts';
import type { Parameter, Parameters } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import type { EncoderSpec } from '../types.ts';
import { type Forward, type HiddenStates, runBlocks } from './forward.ts';

/** The inputs of a block besides its activations. */
interface BlockContext {
  readonly tape: Tape;
  readonly forward: Forward;
  readonly spec: EncoderSpec;
  /** A parameter of this block by its name without the block's prefix, if the model has it. */
  readonly find: (name: string) => Parameter | undefined;
  readonly angles: RotaryAngles;
  /** Factor on what is added to the residual stream. */
  readonly residualScale: number;
  /** Number of the block's dropout site. */
  readonly site: number;
}

export function decoderForward(tape: Tape, parameters: Parameters, spec: EncoderSpec, forward: Forward): HiddenStates {
  const { layers, ropeTheta = 0, ropeScaling, embeddingScale = 1, depthScale, layerNormEpsilon } = spec.architecture;
  const { frozenRow } = spec.architecture;
  const angles = rotaryAngles(tape, forward.batch, headSizeOf(spec.architecture), ropeTheta, ropeScaling);
  const residualScale = depthScale === undefined ? 1 : depthScale / Math.sqrt(layers);
  const words = wordEmbedding(tape, forward.batch, parameters.parts('embed_tokens.weight'), frozenRow);
  const hidden = runBlocks(
    tape,
    layers,
    scaled(tape, words, embeddingScale),
    forward,
    (layer, x) => {
      const find = (name: string): Parameter | undefined => parameters.find(`layers.${layer}.${name}`);
      return block({ tape, forward, spec, find, angles, residualScale, site: 1 + 3 * layer }, x);
    },
    [angles.value],
    (x) => rmsNorm(tape, x, parameters.get('norm.weight'), layerNormEpsilon),
  );
  tape.drop(angles.value);
  return hidden;
}

/** One block; does not drop `x`. */
function block(context: BlockContext, x: Value): Value {
  const attended = addResidual(context, selfAttention(context, x), x);
  const output = addResidual(context, feedForward(context, attended), attended);
  context.tape.drop(attended);
  return output;
}

/** residualScale * change + x; drops `change`. */
function addResidual({ tape, residualScale }: BlockContext, change: Value, x: Value): Value {
  const part = scaled(tape, change, residualScale);
  const sum = residualAdd(tape, part, x);
  tape.drop(part);
  return sum;
}

function norm({ tape, find, spec }: BlockContext, x: Value, name: string): Value {
  return rmsNorm(tape, x, find(`${name}.weight`)!, spec.architecture.layerNormEpsilon);
}

function project({ tape, find }: BlockContext, x: Value, name: string): Value {
  return linear(tape, x, find(`${name}.weight`)!, find(`${name}.bias`));
}

/** Norm, attention, output layer. */
function selfAttention(context: BlockContext, x: Value): Value {
  const { tape, forward, spec, site } = context;
  const { batch, dropout } = forward;
  const { heads, causal } = spec.architecture;
  const normed = norm(context, x, 'input_layernorm');
  const projections = ['q', 'k', 'v'].map((name) => project(context, normed, `self_attn.${name}_proj`));
  tape.drop(normed);
  const [q, k, v] = projections as [Value, Value, Value];
  const [turnedQ, turnedK] = [rotated(context, q, 'self_attn.q_norm'), rotated(context, k, 'self_attn.k_norm')];
  const mixed = attention(tape, {
    ...{ q: turnedQ, k: turnedK, v, batch, heads, dropout, site },
    keyValueHeads: keyValueHeadsOf(spec.architecture),
    mask: causal ? { after: 0 } : undefined,
  });
  for (const value of [turnedQ, turnedK, v]) tape.drop(value);
  const y = project(context, mixed, 'self_attn.o_proj');
  tape.drop(mixed);
  return y;
}

/** Queries or keys: normalised head by head where the model does that, then rotated by position; drops `x`. */
function rotated(context: BlockContext, x: Value, name: string): Value {
  const { tape, find, forward, angles } = context;
  if (!find(`${name}.weight`)) return rotary(tape, x, forward.batch, angles);
  const normed = norm(context, x, name);
  tape.drop(x);
  return rotary(tape, normed, forward.batch, angles);
}

/** Norm, silu(gate) * up, output layer. */
function feedForward(context: BlockContext, x: Value): Value {
  const { tape } = context;
  const normed = norm(context, x, 'post_attention_layernorm');
  const [gate, up] = [project(context, normed, 'mlp.gate_proj'), project(context, normed, 'mlp.up_proj')];
  tape.drop(normed);
  const activated = gated(tape, 'silu', gate, up);
  for (const value of [gate, up]) tape.drop(value);
  const y = project(context, activated, 'mlp.down_proj');
  tape.drop(activated);
  return y;
}
