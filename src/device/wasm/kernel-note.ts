/** What a compiled kernel says of itself, so that it is never run for other WGSL than it was made of. */
import { createHash } from 'node:crypto';

/** Part of what compiled kernels are known by: changes with whatever changes the code that the compiler makes. */
const compilerVersion = 2;

/** What the section `kernel` of a module says. */
export interface KernelNote {
  readonly name: string;
  /** Of the composed WGSL and the compiler's version. */
  readonly hash: string;
  /** Bytes of scratch memory that a thread needs. */
  readonly scratch: number;
}

/** Names the WGSL that a module was made of, and the compiler. */
export const hashOf = (code: string): string =>
  createHash('sha256').update(`${compilerVersion}\n${code}`).digest('hex').slice(0, 32);

export function noteOf(module: WebAssembly.Module): KernelNote | undefined {
  const [section] = WebAssembly.Module.customSections(module, 'kernel');
  return section === undefined ? undefined : (JSON.parse(new TextDecoder().decode(section)) as KernelNote);
}
