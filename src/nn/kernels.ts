/** Which kernels a thread will run, so that they are compiled in parallel while weights and data are being read. */

import type { Gpu, KernelSpec } from '../device/types.ts';
import { attentionKernelsOf } from '../kernels/attention-kernels.ts';
import { elementwiseKernels } from '../kernels/elementwise.ts';
import { embeddingKernels, embeddingRowsKernel } from '../kernels/embedding.ts';
import { gatedKernels } from '../kernels/gated.ts';
import { pairLossKernels } from '../kernels/loss.ts';
import { infonceKernels } from '../kernels/loss-infonce.ts';
import { matmulKernels } from '../kernels/matmul.ts';
import { noBetaKernels, normKernels } from '../kernels/norm.ts';
import { optimKernels } from '../kernels/optim.ts';
import { maxPoolingKernels, poolingKernels } from '../kernels/pooling.ts';
import { rmsNormKernels } from '../kernels/rms-norm.ts';
import { rotaryKernels } from '../kernels/rotary.ts';
import { similarityKernels } from '../kernels/similarity.ts';
import { tanhKernels } from '../kernels/tanh.ts';
import { searchKernels } from '../kernels/top-k-select.ts';
import { poolingList } from '../model/families/catalog.ts';
import { headSizeOf, keyValueHeadsOf } from '../model/parameters.ts';
import type { EncoderSpec } from './types.ts';

/** Kernels that every encoder family or every loss uses. */
export function commonKernels(gpu: Gpu): KernelSpec[] {
  return [
    ...matmulKernels.filter(({ form }) => form === gpu.traits.form),
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

/** Kernels of one family besides the common ones. */
const familyKernels: Readonly<Record<EncoderSpec['family'], readonly KernelSpec[]>> = {
  bert: [],
  'xlm-roberta': [],
  modernbert: [embeddingRowsKernel, ...noBetaKernels, ...rotaryKernels, ...gatedKernels],
  llama: [embeddingRowsKernel, ...rmsNormKernels, ...rotaryKernels, ...gatedKernels],
  qwen3: [embeddingRowsKernel, ...rmsNormKernels, ...rotaryKernels, ...gatedKernels],
};

/** Kernels that depend on an encoder's family and sizes. */
export function encoderKernels(
  gpu: Gpu,
  { family, architecture }: EncoderSpec,
  { training, dropout }: { training: boolean; dropout: boolean },
): KernelSpec[] {
  const { causal = false, localAttention, heads } = architecture;
  const local = localAttention !== undefined;
  // Local and global blocks alternate: both kinds of attention.
  const masks = local ? [false, true] : [causal];
  const common = {
    form: gpu.traits.form,
    dropout,
    backward: training,
    grouped: keyValueHeadsOf(architecture) !== heads,
  };
  const attention = masks.flatMap((masked) => attentionKernelsOf(headSizeOf(architecture), { ...common, masked }));
  return [...familyKernels[family], ...attention];
}

/** Kernels of what follows the encoder that few models have. */
export const headKernels = ({ pooling, dense = [] }: EncoderSpec): KernelSpec[] => [
  ...(poolingList(pooling).includes('max') ? maxPoolingKernels : []),
  ...(dense.some(({ activation }) => activation === 'tanh') ? tanhKernels : []),
];
