/** The tensors of a WebGPU device: ranges of its buffers. */
import { type DType, elementCount, type Tensor } from '../types.ts';

export class BufferTensor implements Tensor {
  readonly label: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly buffer: GPUBuffer;
  /** Bytes from the start of the buffer. */
  readonly offset: number;

  constructor(label: string, shape: readonly number[], dtype: DType, buffer: GPUBuffer, offset = 0) {
    this.label = label;
    this.shape = shape;
    this.dtype = dtype;
    this.buffer = buffer;
    this.offset = offset;
  }
}

/** The buffer and offset behind a handle. Throws if no WebGPU device made it. */
export function bufferTensor(tensor: Tensor): BufferTensor {
  if (tensor instanceof BufferTensor) return tensor;
  throw new Error(`tensor ${tensor.label} was not made by a WebGPU device`);
}

export const byteLength = (tensor: Tensor): number => elementCount(tensor.shape) * 4;
