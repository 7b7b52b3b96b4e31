/** Which kernels a model runs, so that they are compiled in parallel while its weights and data are read. */

import type { Gpu, KernelSpec } from '../device/types.ts';
import { modelKernels } from '../kernels/index.ts';
import { headSizeOf, keyValueHeadsOf } from '../model/architecture.ts';
import { poolingList } from '../model/pooling.ts';
import type { EncoderSpec } from './types.ts';

export { commonKernels } from '../kernels/index.ts';

export function encoderKernels(
  { traits }: Pick<Gpu, 'traits'>,
  { architecture, pooling, dense = [] }: EncoderSpec,
  use: { readonly training: boolean; readonly dropout: boolean },
): KernelSpec[] {
  const { causal = false, localAttention, heads, ropeTheta } = architecture;
  return modelKernels(
    {
      ...use,
      headSize: headSizeOf(architecture),
      // Local and global blocks alternate.
      masks: localAttention === undefined ? [causal] : [false, true],
      grouped: keyValueHeadsOf(architecture) !== heads,
      rotary: ropeTheta !== undefined,
      maxPooling: poolingList(pooling).includes('max'),
      tanh: dense.some(({ activation }) => activation === 'tanh'),
    },
    traits.form,
  );
}
