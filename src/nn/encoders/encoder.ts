/** An encoder on the device: its parameters, loaded, and its kernels, compiled. */

import type { Gpu } from '../../device/types.ts';
import { modelParameters } from '../../model/pipeline.ts';
import { encoderKernels } from '../kernels.ts';
import type { GroupOf } from '../parameter-layout.ts';
import { Parameters } from '../parameter-store.ts';
import type { EncoderSpec, TensorSource } from '../types.ts';

/** A model's parameters on the device, and its spec. */
export interface Encoder {
  readonly gpu: Gpu;
  readonly spec: EncoderSpec;
  readonly parameters: Parameters;
}

/**
 * Allocates an encoder, then loads its weights and compiles its kernels. `training` adds gradients and moments, by
 * `groupOf` of what is not frozen.
 */
export async function loadEncoder(
  gpu: Gpu,
  spec: EncoderSpec,
  source: TensorSource,
  { training, dropout = false, groupOf }: { training: boolean; dropout?: boolean; groupOf?: GroupOf },
): Promise<Encoder> {
  const parameters = new Parameters(gpu, modelParameters(spec), { training, groupOf });
  try {
    const compiled = gpu.compile(encoderKernels(gpu, spec, { training, dropout }));
    compiled.catch(() => {});
    await parameters.load(source);
    await compiled;
  } catch (error) {
    parameters.free();
    throw error;
  }
  return { gpu, spec, parameters };
}
