/**
 * The loops that find what a core can do at most, as a WebAssembly module written byte by byte:
 *   multiply(turns) -> f32           `turnSteps` multiplications and additions of 4 numbers a turn, in 12 sums
 *   copy(from, to, bytes)            by vectors of 16 bytes; bytes is a multiple of 128
 *   bulk(from, to, bytes)            the engine's own copy
 *   read(from, bytes) -> f32         sums vectors of 16 bytes; bytes is a multiple of 128
 */
const [i32, f32, v128] = [0x7f, 0x7d, 0x7b];

const unsigned = (value) => {
  const bytes = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return bytes;
};
/** For constants from 0 to 8191. */
const signed = (value) => (value < 64 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
const vector = (items) => [...unsigned(items.length), ...items.flat()];
const section = (id, items) => {
  const body = vector(items);
  return [id, ...unsigned(body.length), ...body];
};

const get = (index) => [0x20, ...unsigned(index)];
const set = (index) => [0x21, ...unsigned(index)];
const i32Const = (value) => [0x41, ...signed(value)];
const add = 0x6a;
const splat = [0xfd, 0x13];
const floatAdd = [0xfd, 0xe4, 0x01];
const floatMultiply = [0xfd, 0xe6, 0x01];
const relaxedMultiplyAdd = [0xfd, 0x85, 0x02];
const firstLane = [0xfd, 0x1f, 0];
const load = (offset) => [0xfd, 0x00, 4, ...unsigned(offset)];
const store = (offset) => [0xfd, 0x0b, 4, ...unsigned(offset)];
const f32Const = (value) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];

/** `body`, until the counter in a local, which `step` is taken off at each turn, is 0. */
const loop = (counter, step, body) => [
  ...[0x03, 0x40],
  ...body,
  ...[...get(counter), ...i32Const(step), 0x6b, 0x22, ...unsigned(counter)],
  ...[0x0d, 0, 0x0b],
];
const range = (count, of) => Array.from({ length: count }, (_, i) => of(i)).flat();
const advance = (local) => [...get(local), ...i32Const(128), add, ...set(local)];
/** The first lane of the sum of `count` locals. */
const total = (first, count) => [
  ...get(first),
  ...range(count - 1, (i) => [...get(first + 1 + i), ...floatAdd]),
  ...firstLane,
];

/** A function's parameters, results, vectors among its locals, and body. */
function functionsOf(relaxed) {
  // sum = sum * x + y, so that no product is the same as another; 12 sums, x and y fit 16 registers.
  const sums = 12;
  const [x, y, firstSum] = [1, 2, 3];
  const multiplyAdd = (sum) =>
    relaxed
      ? [...get(sum), ...get(x), ...get(y), ...relaxedMultiplyAdd, ...set(sum)]
      : [...get(sum), ...get(x), ...floatMultiply, ...get(y), ...floatAdd, ...set(sum)];
  return {
    multiply: {
      ...{ takes: [i32], gives: [f32], vectors: 2 + sums },
      body: [
        ...[x, y].flatMap((local) => [...f32Const(0.5), ...splat, ...set(local)]),
        ...range(sums, (i) => [...f32Const(i), ...splat, ...set(firstSum + i)]),
        ...loop(
          0,
          1,
          range(turnSteps / sums, () => range(sums, (i) => multiplyAdd(firstSum + i))),
        ),
        ...total(firstSum, sums),
      ],
    },
    copy: {
      ...{ takes: [i32, i32, i32], gives: [], vectors: 0 },
      body: loop(2, 128, [
        ...range(8, (i) => [...get(1), ...get(0), ...load(16 * i), ...store(16 * i)]),
        ...advance(0),
        ...advance(1),
      ]),
    },
    bulk: {
      ...{ takes: [i32, i32, i32], gives: [], vectors: 0 },
      body: [...get(1), ...get(0), ...get(2), 0xfc, 0x0a, 0, 0],
    },
    read: {
      ...{ takes: [i32, i32], gives: [f32], vectors: 8 },
      body: [
        ...loop(1, 128, [
          ...range(8, (i) => [...get(0), ...load(16 * i), ...get(2 + i), ...floatAdd, ...set(2 + i)]),
          ...advance(0),
        ]),
        ...total(2, 8),
      ],
    },
  };
}

/** Multiplications and additions of 4 numbers in a turn of `multiply`. */
export const turnSteps = 60;

/** The module's bytes; it imports `m.m`, a memory. */
export function loopsModule(relaxed) {
  const functions = Object.entries(functionsOf(relaxed));
  const text = (name) => vector([...name].map((letter) => [letter.charCodeAt(0)]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      functions.map(([, { takes, gives }]) => [
        0x60,
        ...vector(takes.map((t) => [t])),
        ...vector(gives.map((t) => [t])),
      ]),
    ),
    ...section(2, [[...text('m'), ...text('m'), 2, 0, 1]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      functions.map(([name], index) => [...text(name), 0, ...unsigned(index)]),
    ),
    ...section(
      10,
      functions.map(([, { vectors, body }]) => {
        const locals = vectors > 0 ? vector([[...unsigned(vectors), v128]]) : [0];
        const code = [...locals, ...body, 0x0b];
        return [...unsigned(code.length), ...code];
      }),
    ),
  ]);
}
