/** Which kernels a thread will run, so that they are compiled in parallel while weights and data are being read. */
import type { Gpu, KernelSpec } from '../gpu/types.ts';
import { attentionKernelsOf } from '../kernels/attention.ts';
import { elementwiseKernels } from '../kernels/elementwise.ts';
import { embeddingKernels } from '../kernels/embedding.ts';
import { pairLossKernels } from '../kernels/loss.ts';
import { infonceKernels } from '../kernels/loss-infonce.ts';
import { matmulKernels, tileOf } from '../kernels/matmul.ts';
import { normKernels } from '../kernels/norm.ts';
import { optimKernels } from '../kernels/optim.ts';
import { maxPoolingKernels, poolingKernels } from '../kernels/pooling.ts';
import { searchKernels } from '../kernels/search-select.ts';
import { similarityKernels } from '../kernels/similarity.ts';
import { tanhKernels } from '../kernels/tanh.ts';
import { poolingList } from './encoders/catalog.ts';
import type { EncoderSpec } from './types.ts';

/** Kernels that every encoder and every loss uses. */
export function commonKernels(gpu: Gpu): KernelSpec[] {
  const otherTile = tileOf(gpu) === 'register' ? 'workgroup' : 'register';
  return [
    ...matmulKernels.filter(({ name }) => !name.endsWith(otherTile)),
    ...elementwiseKernels,
    ...embeddingKernels,
    ...normKernels,
    ...poolingKernels,
    ...similarityKernels,
    ...pairLossKernels,
    ...infonceKernels,
    ...optimKernels,
    ...searchKernels,
  ];
}

/** Kernels that depend on an encoder's sizes. */
export function encoderKernels(
  gpu: Gpu,
  { architecture: { width, heads } }: EncoderSpec,
  options: { training: boolean; dropout: boolean },
): KernelSpec[] {
  const { software } = gpu.adapter;
  return attentionKernelsOf(width / heads, { software, dropout: options.dropout, backward: options.training });
}

/** Kernels of what follows the encoder that few models have. */
export const headKernels = ({ pooling, dense = [] }: EncoderSpec): KernelSpec[] => [
  ...(poolingList(pooling).includes('max') ? maxPoolingKernels : []),
  ...(dense.some(({ activation }) => activation === 'tanh') ? tanhKernels : []),
];
