/** What every device checks of the tensors that it is given, and the views that it makes of them. */
import { alignment } from './alignment.ts';
import type { Buffers } from './buffers.ts';
import type { Failures } from './failures.ts';
import { BufferTensor, bufferTensor, byteLength } from './tensor.ts';
import type { Tensor } from './types.ts';

/** Copies, unlike bindings, may begin at any element. */
const copyAlignment = 4;

export class Handles<B extends { readonly size: number }> {
  readonly #buffers: Buffers<B>;
  readonly #failures: Failures;

  constructor(buffers: Buffers<B>, failures: Failures) {
    this.#buffers = buffers;
    this.#failures = failures;
  }

  view(tensor: Tensor, first: number, shape: readonly number[], label: string): Tensor {
    const { buffer, offset, dtype } = bufferTensor<B>(tensor);
    return new BufferTensor(label, shape, dtype, buffer, offset + first * 4);
  }

  isBindable(tensor: Tensor): boolean {
    return bufferTensor<B>(tensor).offset % alignment === 0;
  }

  /** The range behind a handle that a command may use. Throws where it is freed, misaligned, or beyond its buffer. */
  usable(handle: Tensor, doing: string, alignTo: number = alignment): BufferTensor<B> {
    this.#failures.check(doing);
    const tensor = bufferTensor<B>(handle);
    const { label, shape, buffer, offset } = tensor;
    if (this.#buffers.isStale(buffer)) throw new Error(`${doing}: tensor ${label} was freed or released`);
    if (offset % alignTo !== 0) throw new Error(`${doing}: tensor ${label} begins at byte ${offset}`);
    if (offset < 0 || offset + byteLength(tensor) > buffer.size) {
      throw new Error(`${doing}: tensor ${label} [${shape}] ends beyond its buffer`);
    }
    return tensor;
  }

  /** Where host data goes. Throws where the tensor holds another number of bytes. */
  writable(handle: Tensor, data: Float32Array | Uint32Array): BufferTensor<B> {
    const tensor = this.usable(handle, 'write');
    const [bytes, given] = [byteLength(tensor), data.byteLength];
    if (given !== bytes) throw new Error(`write ${tensor.label}: [${tensor.shape}] holds ${bytes} bytes, got ${given}`);
    return tensor;
  }

  /** Both ends of a copy, and its bytes. Throws where they differ in length. */
  copied(from: Tensor, to: Tensor): { source: BufferTensor<B>; target: BufferTensor<B>; bytes: number } {
    const source = this.usable(from, 'copy', copyAlignment);
    const target = this.usable(to, 'copy', copyAlignment);
    const bytes = byteLength(from);
    if (bytes !== byteLength(to)) throw new Error(`copy ${from.label} [${from.shape}] to ${to.label} [${to.shape}]`);
    return { source, target, bytes };
  }
}
