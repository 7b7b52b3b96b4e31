/**
 * BERT in float64, written for clarity and never optimised: unit vectors of the last and the inner layer, and gradients
 * of all parameters.
 */
import type { Task } from '../../src/data/types.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';
import { Graph, type Matrix } from './autograd.ts';

/** Factors of dropout: 0 or 1 / (1 - rate). Token numbers count through the whole batch. */
export interface ReferenceDropout {
  activation(site: number, token: number, channel: number): number;
  attention(site: number, query: number, key: number, head: number): number;
}

export interface ReferenceEncoding {
  /** [B, C] unit vectors. */
  readonly final: Matrix;
  readonly inner: Matrix;
  /** Fills in the gradients of the parameters from those of `final` and `inner`. */
  backward(): ReadonlyMap<string, Float64Array>;
}

export interface ReferenceOptions {
  /** Whose head makes the last vectors; absent = ir. */
  readonly task?: Task | undefined;
  readonly dropout?: ReferenceDropout | undefined;
  /** Counts from 1; absent = the middle one. */
  readonly innerLayer?: number | undefined;
}

export function referenceBert(
  spec: EncoderSpec,
  weights: ReadonlyMap<string, ArrayLike<number>>,
  texts: PackedTexts,
  { task = 'ir', dropout, innerLayer = Math.floor((spec.architecture.layers + 1) / 2) }: ReferenceOptions = {},
): ReferenceEncoding {
  const { architecture, pooling } = spec;
  const { layers, heads, layerNormEpsilon, frozenRow } = architecture;
  const graph = new Graph();
  const parameters = new Map(
    modelParameters(spec).map(({ name, shape }): [string, Matrix] => {
      const rows = shape.length > 1 ? shape[0]! : 1;
      return [name, graph.matrix(rows, shape.at(-1)!, Float64Array.from(weights.get(name)!))];
    }),
  );
  const get = (name: string): Matrix => parameters.get(name)!;
  const linear = (x: Matrix, name: string): Matrix => graph.linear(x, get(`${name}.weight`), get(`${name}.bias`));
  const norm = (x: Matrix, name: string): Matrix =>
    graph.layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), layerNormEpsilon);
  const drop = (x: Matrix, site: number): Matrix =>
    dropout === undefined ? x : graph.mask(x, (token, channel) => dropout.activation(site, token, channel));

  const T = texts.ids.length;
  const textOf = Array.from({ length: T }, (_, t) => texts.cumulative.findIndex((end) => t < end) - 1);
  const positions = textOf.map((text, t) => t - texts.cumulative[text]!);
  const tables = ['word', 'position', 'token_type'].map((name) => get(`embeddings.${name}_embeddings.weight`));
  const sum = graph.embedding(tables, [texts.ids, positions, new Uint32Array(T)], frozenRow);
  let x = norm(sum, 'embeddings.LayerNorm');
  x = drop(x, 0);
  let inner = x;
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `encoder.layer.${layer}`;
    const site = 1 + 3 * layer;
    const [q, k, v] = ['query', 'key', 'value'].map((name) => linear(x, `${prefix}.attention.self.${name}`)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const mixed = graph.attention([q, k, v], heads, texts.cumulative, (query, key, head) =>
      dropout === undefined ? 1 : dropout.attention(site, query, key, head),
    );
    const attended = drop(linear(mixed, `${prefix}.attention.output.dense`), site + 1);
    const middle = norm(graph.add(attended, x), `${prefix}.attention.output.LayerNorm`);
    const wide = graph.gelu(linear(middle, `${prefix}.intermediate.dense`));
    const fed = drop(linear(wide, `${prefix}.output.dense`), site + 2);
    x = norm(graph.add(fed, middle), `${prefix}.output.LayerNorm`);
    if (layer + 1 === innerLayer) inner = x;
  }
  const pooled = (state: Matrix): Matrix =>
    graph.pool(state, texts.poolStart.length, poolWeight(pooling, texts, textOf, positions));
  const head = spec.heads?.[task] === 'dense' ? get(`heads.${task}.linear.weight`) : undefined;
  return {
    final: graph.normalize(head ? graph.linear(pooled(x), head) : pooled(x)),
    inner: graph.normalize(pooled(inner)),
    backward: () => {
      graph.backward();
      return new Map([...parameters].map(([name, { gradient }]) => [name, gradient]));
    },
  };

  function poolWeight(
    mode: EncoderSpec['pooling'],
    { cumulative, poolStart }: PackedTexts,
    of: number[],
    at: number[],
  ) {
    return (text: number, token: number): number => {
      const first = poolStart[text]!;
      const length = cumulative[text + 1]! - cumulative[text]!;
      const position = at[token]!;
      if (of[token] !== text || position < first) return 0;
      if (mode === 'cls') return position === first ? 1 : 0;
      if (mode === 'lasttoken') return position === length - 1 ? 1 : 0;
      if (mode === 'mean') return 1 / (length - first);
      const total = (length * (length + 1)) / 2 - (first * (first + 1)) / 2;
      return (position + 1) / total;
    };
  }
}
