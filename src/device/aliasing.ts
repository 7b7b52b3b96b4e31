/** A rule of every device about the memory of a dispatch. */
import { bufferTensor, byteLength } from './tensor.ts';
import type { Tensor } from './types.ts';

/** Names and access of a kernel's bindings, in order. */
export type Bindings = readonly (readonly [name: string, access: 'read' | 'write'])[];

/** No dispatch may read and write one buffer, nor write overlapping ranges of it. WebGPU refuses it, and so do we. */
export function checkAliasing(name: string, bindings: Bindings, tensors: Readonly<Record<string, Tensor>>): void {
  for (const [written, access] of bindings) {
    if (access === 'read') continue;
    const target = bufferTensor(tensors[written]!);
    for (const [other, otherAccess] of bindings) {
      const tensor = bufferTensor(tensors[other]!);
      if (other === written || tensor.buffer !== target.buffer) continue;
      const apart =
        tensor.offset + byteLength(tensor) <= target.offset || target.offset + byteLength(target) <= tensor.offset;
      if (otherAccess === 'write' && apart) continue;
      throw new Error(`kernel ${name} writes ${written} (${target.label}) to the buffer that it binds as ${other}`);
    }
  }
}
