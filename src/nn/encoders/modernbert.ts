/**
 * ModernBERT (Warner et al. 2024, arXiv 2412.13663): pre-norm, rotary positions with a base for global and one for
 * local attention, GeGLU, local attention in all blocks but every globalEvery-th; the first block has no norm before
 * attention. Dropout sites as in transformers' ModernBertModel: embeddings, attention weights, after the attention's
 * output layer (with the rate of attention weights), before the feed-forward's output layer.
 */

import type { AttentionMask } from '../../kernels/attention.ts';
import { headSizeOf } from '../../model/architecture.ts';
import { attention } from '../ops/attention.ts';
import { dropout } from '../ops/dropout.ts';
import { gated } from '../ops/gated.ts';
import { layerNorm } from '../ops/layer-norm.ts';
import { linear } from '../ops/linear.ts';
import { outputLayer } from '../ops/output-layer.ts';
import { type RotaryAngles, rotary, rotaryAngles } from '../ops/rotary.ts';
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
  /** One part of such a parameter of a fused layer. */
  readonly part: (name: string, part: number) => Parameter | undefined;
  readonly angles: RotaryAngles;
  readonly mask: AttentionMask | undefined;
  /** Number of the block's first dropout site. */
  readonly site: number;
}

export function modernBertForward(
  tape: Tape,
  parameters: Parameters,
  spec: EncoderSpec,
  forward: Forward,
): HiddenStates {
  const { architecture } = spec;
  const size = headSizeOf(architecture);
  const { globalEvery = 1, localAttention = 0, ropeTheta = 0, localRopeTheta = ropeTheta } = architecture;
  const global = rotaryAngles(tape, forward.batch, size, ropeTheta);
  const local = rotaryAngles(tape, forward.batch, size, localRopeTheta);
  const side = Math.floor(localAttention / 2);
  const find = (name: string): Parameter | undefined => parameters.find(name);
  const hidden = runBlocks(
    tape,
    architecture.layers,
    embed({ tape, forward, spec, find }, parameters),
    forward,
    (layer, x) => {
      const isGlobal = layer % globalEvery === 0;
      return block(
        {
          ...{ tape, forward, spec, site: 1 + 3 * layer },
          find: (name) => parameters.find(`layers.${layer}.${name}`),
          part: (name, part) => parameters.findParts(`layers.${layer}.${name}`)?.[part],
          angles: isGlobal ? global : local,
          mask: isGlobal ? undefined : { before: side, after: side },
        },
        x,
      );
    },
    [global.value, local.value],
    (x) => norm({ tape, spec, find }, x, 'final_norm'),
  );
  for (const { value } of [global, local]) tape.drop(value);
  return hidden;
}

function embed(context: Pick<BlockContext, 'tape' | 'forward' | 'spec' | 'find'>, parameters: Parameters): Value {
  const { tape, forward, spec } = context;
  const table = parameters.parts('embeddings.tok_embeddings.weight');
  const words = wordEmbedding(tape, forward.batch, table, spec.architecture.frozenRow);
  const x = norm(context, words, 'embeddings.norm');
  tape.drop(words);
  return dropout(tape, x, forward.batch, forward.dropout, 0);
}

function norm({ tape, spec, find }: Pick<BlockContext, 'tape' | 'spec' | 'find'>, x: Value, name: string): Value {
  return layerNorm(tape, x, find(`${name}.weight`)!, find(`${name}.bias`), spec.architecture.layerNormEpsilon);
}

/** One block; does not drop `x`. */
function block(context: BlockContext, x: Value): Value {
  const { tape } = context;
  const attended = selfAttention(context, x);
  const output = feedForward(context, attended);
  tape.drop(attended);
  return output;
}

/** Norm (except in the first block), attention and its output layer, added to `x`. */
function selfAttention(context: BlockContext, x: Value): Value {
  const { tape, find, forward, site, spec, angles, mask } = context;
  const { batch, dropout: settings } = forward;
  const { heads } = spec.architecture;
  const normed = find('attn_norm.weight') ? norm(context, x, 'attn_norm') : undefined;
  const [q, k, v] = [0, 1, 2].map((part) => partOf(context, normed ?? x, 'attn.Wqkv', part)) as [Value, Value, Value];
  if (normed) tape.drop(normed);
  const [turnedQ, turnedK] = [rotary(tape, q, batch, angles), rotary(tape, k, batch, angles)];
  const mixed = attention(tape, { q: turnedQ, k: turnedK, v, batch, heads, mask, dropout: settings, site });
  for (const value of [turnedQ, turnedK, v]) tape.drop(value);
  const [weight, bias] = [find('attn.Wo.weight')!, find('attn.Wo.bias')];
  const rate = settings && { ...settings, rate: settings.attentionRate };
  return outputLayer(tape, { x: mixed, weight, bias, residual: x, batch, dropout: rate, site: site + 1 });
}

/** Norm, Wi's two halves (input, gate), gelu(input) * gate, output layer, added to `x`. */
function feedForward(context: BlockContext, x: Value): Value {
  const { tape, find, forward, site } = context;
  const normed = norm(context, x, 'mlp_norm');
  const [input, gate] = [0, 1].map((part) => partOf(context, normed, 'mlp.Wi', part)) as [Value, Value];
  tape.drop(normed);
  const activated = gated(tape, 'gelu', input, gate);
  for (const value of [input, gate]) tape.drop(value);
  const kept = dropout(tape, activated, forward.batch, forward.dropout, site + 2);
  const y = linear(tape, kept, find('mlp.Wo.weight')!, find('mlp.Wo.bias'), x);
  tape.drop(kept);
  return y;
}

/** One part of a fused linear layer. */
function partOf({ tape, part: find }: BlockContext, x: Value, name: string, part: number): Value {
  return linear(tape, x, find(`${name}.weight`, part)!, find(`${name}.bias`, part));
}
