/**
 * The forward pass of BERT (Devlin et al. 2018, arXiv 1810.04805), XLM-R and RoBERTa: post-norm, learned positions,
 * exact GELU. Dropout sites as in transformers' BertModel: embeddings, attention weights, after the attention's output
 * layer, after the feed-forward's.
 */
import type { DeviceBatch } from '../batch.ts';
import { attention } from '../ops/attention.ts';
import { dropout } from '../ops/dropout.ts';
import { embedding } from '../ops/embedding.ts';
import { layerNorm } from '../ops/layer-norm.ts';
import { linear } from '../ops/linear.ts';
import { linearGelu } from '../ops/linear-gelu.ts';
import { outputLayer } from '../ops/output-layer.ts';
import type { Parameter, Parameters } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import type { DropoutSettings, EncoderSpec } from '../types.ts';
import { type Forward, type HiddenStates, runBlocks } from './forward.ts';
import { positionRows } from './position-rows.ts';

/** The inputs of a block besides its activations. */
interface BlockContext {
  readonly tape: Tape;
  readonly batch: DeviceBatch;
  readonly dropout: DropoutSettings | undefined;
  readonly spec: EncoderSpec;
  /** A parameter of this block by its name without the block's prefix. */
  readonly get: (name: string) => Parameter;
  /** Number of the block's first dropout site. */
  readonly site: number;
}

export function bertForward(tape: Tape, parameters: Parameters, spec: EncoderSpec, forward: Forward): HiddenStates {
  const x = embed(tape, parameters, spec, forward);
  const blockAt = (layer: number, input: Value): Value => {
    const get = (name: string): Parameter => parameters.get(`encoder.layer.${layer}.${name}`);
    return block({ tape, ...forward, dropout: forward.dropout, spec, get, site: 1 + 3 * layer }, input);
  };
  return runBlocks(tape, spec.architecture.layers, x, forward, blockAt, []);
}

function embed(tape: Tape, parameters: Parameters, spec: EncoderSpec, { batch, dropout: settings }: Forward): Value {
  const get = (name: string): Parameter => parameters.get(`embeddings.${name}`);
  const { positionOffset, frozenRow } = spec.architecture;
  const sum = embedding(tape, batch, {
    positionRows: positionOffset === undefined ? undefined : positionRows(batch, positionOffset),
    word: parameters.parts('embeddings.word_embeddings.weight'),
    position: get('position_embeddings.weight'),
    type: get('token_type_embeddings.weight'),
    frozenRow,
    // The row of padding tokens, which transformers freezes with theirs of the word table.
    frozenPosition: positionOffset === undefined ? undefined : positionOffset - 1,
  });
  const x = normalize(tape, sum, get('LayerNorm.weight'), get('LayerNorm.bias'), spec);
  return dropout(tape, x, batch, settings, 0);
}

/** LayerNorm(x); drops `x`. */
function normalize(tape: Tape, x: Value, gamma: Parameter, beta: Parameter, spec: EncoderSpec): Value {
  const y = layerNorm(tape, x, gamma, beta, spec.architecture.layerNormEpsilon);
  tape.drop(x);
  return y;
}

/** One block; does not drop `x`. */
function block(context: BlockContext, x: Value): Value {
  const { tape, get, spec } = context;
  const norm = (sum: Value, name: string): Value =>
    normalize(tape, sum, get(`${name}.weight`), get(`${name}.bias`), spec);
  const attended = norm(selfAttention(context, x), 'attention.output.LayerNorm');
  const output = norm(feedForward(context, attended), 'output.LayerNorm');
  tape.drop(attended);
  return output;
}

/** Attention and its output layer, added to `x`; does not drop `x`. */
function selfAttention(context: BlockContext, x: Value): Value {
  const { tape, batch, get, site, spec, dropout: settings } = context;
  const [q, k, v] = ['query', 'key', 'value'].map((name) =>
    linear(tape, x, get(`attention.self.${name}.weight`), get(`attention.self.${name}.bias`)),
  ) as [Value, Value, Value];
  const mixed = attention(tape, { q, k, v, batch, heads: spec.architecture.heads, dropout: settings, site });
  for (const value of [q, k, v]) tape.drop(value);
  return output(context, mixed, { name: 'attention.output.dense', residual: x, site: site + 1 });
}

/** Both layers of the feed-forward part, added to `x`; does not drop `x`. */
function feedForward(context: BlockContext, x: Value): Value {
  const { tape, get, site } = context;
  const activated = linearGelu(tape, x, get('intermediate.dense.weight'), get('intermediate.dense.bias'));
  return output(context, activated, { name: 'output.dense', residual: x, site: site + 2 });
}

/** An output layer by its name; drops `x`. */
function output(
  { tape, batch, get, dropout: settings }: BlockContext,
  x: Value,
  { name, ...others }: { readonly name: string; readonly residual: Value; readonly site: number },
): Value {
  const [weight, bias] = [get(`${name}.weight`), get(`${name}.bias`)];
  return outputLayer(tape, { x, weight, bias, batch, dropout: settings, ...others });
}
