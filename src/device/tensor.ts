/** The tensors of a device: ranges of its buffers. */
import { type DType, elementCount, type Tensor } from './types.ts';

/** `B`: how the device calls its memory, a GPUBuffer for example. */
export class BufferTensor<B> implements Tensor {
  readonly label: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly buffer: B;
  /** Bytes from the start of the buffer. */
  readonly offset: number;

  constructor(label: string, shape: readonly number[], dtype: DType, buffer: B, offset = 0) {
    this.label = label;
    this.shape = shape;
    this.dtype = dtype;
    this.buffer = buffer;
    this.offset = offset;
  }
}

/** The buffer and offset behind a handle. Throws if no device made it; the caller knows whether its own did. */
export function bufferTensor<B>(tensor: Tensor): BufferTensor<B> {
  if (tensor instanceof BufferTensor) return tensor as BufferTensor<B>;
  throw new Error(`tensor ${tensor.label} was not made by a device`);
}

export const byteLength = (tensor: Tensor): number => elementCount(tensor.shape) * 4;
