/** Where kernels may bind memory: at multiples of 256 bytes, on every device. */
export const alignment = 256;
export const alignDown = (bytes: number): number => Math.floor(bytes / alignment) * alignment;
export const alignUp = (bytes: number, to = alignment): number => Math.ceil(bytes / to) * to;
