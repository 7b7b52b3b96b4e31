/** The instructions that compiled kernels consist of (WebAssembly 2.0, threads, relaxed SIMD), by mnemonic. */
import { signed, unsigned, word } from './bytes.ts';

/** Encodes what stands behind the opcode. */
type Encode = (immediates: readonly number[]) => number[];

export interface Opcode {
  readonly code: readonly number[];
  readonly immediates: Encode;
}

const plain: Encode = () => [];
const index: Encode = ([value]) => unsigned(value!);
const lane: Encode = ([value]) => [value!];
/** Alignment as an exponent of two, then the offset. */
const access =
  (align: number): Encode =>
  ([offset]) => [align, ...unsigned(offset!)];

const numbered = (
  prefix: readonly number[],
  encode: Encode,
  codes: Readonly<Record<string, number>>,
): Readonly<Record<string, Opcode>> =>
  Object.fromEntries(
    Object.entries(codes).map(([mnemonic, code]) => [
      mnemonic,
      { code: prefix.length === 0 ? [code] : [...prefix, ...unsigned(code)], immediates: encode },
    ]),
  );

const simd = [0xfd];

export const opcodes: Readonly<Record<string, Opcode>> = {
  ...numbered([], plain, { select: 0x1b }),
  ...numbered([], index, { call: 0x10, 'local.get': 0x20, 'local.set': 0x21, br: 0x0c, br_if: 0x0d }),
  ...numbered([], access(2), { 'i32.load': 0x28, 'f32.load': 0x2a, 'i32.store': 0x36, 'f32.store': 0x38 }),
  ...numbered([], ([value]) => signed(value!), { 'i32.const': 0x41 }),
  ...numbered([], ([bits]) => word(bits!), { 'f32.const': 0x43 }),
  ...numbered([], plain, {
    'i32.eqz': 0x45,
    'i32.eq': 0x46,
    'i32.ne': 0x47,
    'i32.lt_s': 0x48,
    'i32.lt_u': 0x49,
    'i32.gt_s': 0x4a,
    'i32.gt_u': 0x4b,
    'i32.le_s': 0x4c,
    'i32.le_u': 0x4d,
    'i32.ge_s': 0x4e,
    'i32.ge_u': 0x4f,
    'f32.eq': 0x5b,
    'f32.ne': 0x5c,
    'f32.lt': 0x5d,
    'f32.gt': 0x5e,
    'f32.le': 0x5f,
    'f32.ge': 0x60,
    'i32.clz': 0x67,
    'i32.ctz': 0x68,
    'i32.popcnt': 0x69,
    'i32.add': 0x6a,
    'i32.sub': 0x6b,
    'i32.mul': 0x6c,
    'i32.div_s': 0x6d,
    'i32.div_u': 0x6e,
    'i32.rem_s': 0x6f,
    'i32.rem_u': 0x70,
    'i32.and': 0x71,
    'i32.or': 0x72,
    'i32.xor': 0x73,
    'i32.shl': 0x74,
    'i32.shr_s': 0x75,
    'i32.shr_u': 0x76,
    'f32.abs': 0x8b,
    'f32.neg': 0x8c,
    'f32.ceil': 0x8d,
    'f32.floor': 0x8e,
    'f32.trunc': 0x8f,
    'f32.nearest': 0x90,
    'f32.sqrt': 0x91,
    'f32.add': 0x92,
    'f32.sub': 0x93,
    'f32.mul': 0x94,
    'f32.div': 0x95,
    'f32.convert_i32_s': 0xb2,
    'f32.convert_i32_u': 0xb3,
    'i32.reinterpret_f32': 0xbc,
    'f32.reinterpret_i32': 0xbe,
  }),
  ...numbered([0xfc], plain, { 'i32.trunc_sat_f32_s': 0, 'i32.trunc_sat_f32_u': 1 }),
  // Fills memory 0.
  ...numbered([0xfc], () => [0], { 'memory.fill': 11 }),
  ...numbered(simd, access(4), { 'v128.load': 0, 'v128.store': 11 }),
  ...numbered(simd, access(2), { 'v128.load32_splat': 9 }),
  ...numbered(simd, (words) => words.flatMap(word), { 'v128.const': 12 }),
  ...numbered(simd, (lanes) => [...lanes], { 'i8x16.shuffle': 13 }),
  ...numbered(simd, lane, {
    'i32x4.extract_lane': 27,
    'i32x4.replace_lane': 28,
    'f32x4.extract_lane': 31,
    'f32x4.replace_lane': 32,
  }),
  ...numbered(simd, plain, {
    'i32x4.splat': 17,
    'f32x4.splat': 19,
    'i32x4.eq': 55,
    'i32x4.ne': 56,
    'i32x4.lt_s': 57,
    'i32x4.lt_u': 58,
    'i32x4.gt_s': 59,
    'i32x4.gt_u': 60,
    'i32x4.le_s': 61,
    'i32x4.le_u': 62,
    'i32x4.ge_s': 63,
    'i32x4.ge_u': 64,
    'f32x4.eq': 65,
    'f32x4.ne': 66,
    'f32x4.lt': 67,
    'f32x4.gt': 68,
    'f32x4.le': 69,
    'f32x4.ge': 70,
    'v128.not': 77,
    'v128.and': 78,
    'v128.or': 80,
    'v128.xor': 81,
    'v128.bitselect': 82,
    'v128.any_true': 83,
    'f32x4.ceil': 103,
    'f32x4.floor': 104,
    'f32x4.trunc': 105,
    'f32x4.nearest': 106,
    'i32x4.neg': 161,
    'i32x4.all_true': 163,
    'i32x4.shl': 171,
    'i32x4.shr_s': 172,
    'i32x4.shr_u': 173,
    'i32x4.add': 174,
    'i32x4.sub': 177,
    'i32x4.mul': 181,
    'i32x4.min_s': 182,
    'i32x4.min_u': 183,
    'i32x4.max_s': 184,
    'i32x4.max_u': 185,
    'f32x4.abs': 224,
    'f32x4.neg': 225,
    'f32x4.sqrt': 227,
    'f32x4.add': 228,
    'f32x4.sub': 229,
    'f32x4.mul': 230,
    'f32x4.div': 231,
    'f32x4.pmin': 234,
    'f32x4.pmax': 235,
    'i32x4.trunc_sat_f32x4_s': 248,
    'i32x4.trunc_sat_f32x4_u': 249,
    'f32x4.convert_i32x4_s': 250,
    'f32x4.convert_i32x4_u': 251,
    'f32x4.relaxed_madd': 0x105,
    'f32x4.relaxed_nmadd': 0x106,
  }),
  ...numbered([0xfe], access(2), {
    'i32.atomic.load': 0x10,
    'i32.atomic.store': 0x17,
    'i32.atomic.rmw.add': 0x1e,
    'i32.atomic.rmw.sub': 0x25,
    'i32.atomic.rmw.and': 0x2c,
    'i32.atomic.rmw.or': 0x33,
    'i32.atomic.rmw.xor': 0x3a,
    'i32.atomic.rmw.xchg': 0x41,
  }),
};
