/** Every kernel that the project has: what test/kernels/compile.test.ts compiles. Each file adds its own list. */
import type { KernelSpec } from '../device/types.ts';
import { attentionKernels } from './attention-kernels.ts';
import { elementwiseKernels } from './elementwise.ts';
import { embeddingKernels, embeddingRowsKernel } from './embedding.ts';
import { nonFiniteKernel } from './finite.ts';
import { gatedKernels } from './gated.ts';
import { pairLossKernels } from './loss.ts';
import { infonceKernels } from './loss-infonce.ts';
import { matmulKernels } from './matmul.ts';
import { noBetaKernels, normKernels } from './norm.ts';
import { optimKernels } from './optim.ts';
import { maxPoolingKernels, poolingKernels } from './pooling.ts';
import { rmsNormKernels } from './rms-norm.ts';
import { rotaryKernels } from './rotary.ts';
import { similarityKernels } from './similarity.ts';
import { tanhKernels } from './tanh.ts';
import { searchKernels } from './top-k-select.ts';

export const allKernels: readonly KernelSpec[] = [
  ...attentionKernels,
  ...elementwiseKernels,
  ...embeddingKernels,
  embeddingRowsKernel,
  ...gatedKernels,
  ...infonceKernels,
  nonFiniteKernel,
  ...matmulKernels,
  ...maxPoolingKernels,
  ...normKernels,
  ...noBetaKernels,
  ...optimKernels,
  ...pairLossKernels,
  ...poolingKernels,
  ...rmsNormKernels,
  ...rotaryKernels,
  ...searchKernels,
  ...similarityKernels,
  ...tanhKernels,
];
