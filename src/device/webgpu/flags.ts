/**
 * WebGPU's flag constants, which Node does not have as globals.
 * https://www.w3.org/TR/webgpu/#namespacedef-gpubufferusage
 */
export const usage = {
  mapRead: 0x1,
  copySrc: 0x4,
  copyDst: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;
export const mapModeRead = 0x1;
export const stageCompute = 0x4;
/** Offsets of storage and uniform bindings are multiples of this on every adapter. */
export const alignment = 256;
export const alignDown = (bytes: number): number => Math.floor(bytes / alignment) * alignment;
export const alignUp = (bytes: number, to = alignment): number => Math.ceil(bytes / to) * to;
