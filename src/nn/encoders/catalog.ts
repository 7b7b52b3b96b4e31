/** The encoder families, one row each. The code behind a name is `<name>.ts` beside this file. */
import type { CatalogEntry } from '../../catalog.ts';

export const encoderCatalog = [
  {
    name: 'bert',
    title: 'BERT',
    description: 'Bidirectional post-norm encoder with learned positions and exact GELU (BGE, MiniLM, E5, GTE).',
    source: 'Devlin et al. 2018, arXiv 1810.04805; parameter names of transformers',
    parameters: [
      { name: 'layers', description: 'Blocks.', type: 'int', default: 2, min: 1, max: 96 },
      { name: 'width', description: 'Width of the residual stream, C.', type: 'int', default: 64, min: 8, max: 8192 },
      {
        name: 'heads',
        description: 'Attention heads, H; must divide the width.',
        type: 'int',
        default: 4,
        min: 1,
        max: 128,
      },
      {
        name: 'innerWidth',
        description: 'Width of the feed-forward layer, F.',
        type: 'int',
        default: 256,
        min: 8,
        max: 65536,
      },
      { name: 'maxPositions', description: 'Longest text in tokens.', type: 'int', default: 512, min: 8, max: 32768 },
    ],
  },
] as const satisfies readonly CatalogEntry[];

export type EncoderFamily = (typeof encoderCatalog)[number]['name'];

/** In the order in which sentence-transformers' older files concatenate several. */
export const poolingModes = ['cls', 'max', 'mean', 'mean_sqrt_len', 'weightedmean', 'lasttoken'] as const;
export type PoolingMode = (typeof poolingModes)[number];

/** One mode, or at least two whose vectors are joined end to end in this order. */
export type Pooling = PoolingMode | readonly PoolingMode[];

/** The modes of a pooling, one or several. */
export const poolingList = (pooling: Pooling): readonly PoolingMode[] =>
  typeof pooling === 'string' ? [pooling] : pooling;

/** What may follow a dense layer. */
export const denseActivations = ['tanh', 'identity'] as const;
export type DenseActivation = (typeof denseActivations)[number];
