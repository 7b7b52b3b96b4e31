/** Parameters of kernels in memory: 4 bytes each, little-endian. */

export type ParamType = 'u32' | 'f32' | 'i32';

/** Throws where the value is missing or not of its type; `what` names it. */
export function writeParam(view: DataView, at: number, type: ParamType, value: number | undefined, what: string): void {
  if (typeof value !== 'number') throw new Error(`${what} is missing`);
  if (type === 'f32') {
    view.setFloat32(at, value, true);
    return;
  }
  const [low, high] = type === 'u32' ? [0, 0xffff_ffff] : [-0x8000_0000, 0x7fff_ffff];
  if (!Number.isInteger(value) || value < low || value > high) throw new Error(`${what} is ${value}, expected ${type}`);
  if (type === 'u32') view.setUint32(at, value, true);
  else view.setInt32(at, value, true);
}
