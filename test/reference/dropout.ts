/**
 * Threefry-2x32 with 20 rounds, written from the paper's description (Salmon et al. 2011), and the dropout made of it.
 */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

export type Pair = readonly [number, number];

export function threefry2x32(key: Pair, counter: Pair): Pair {
  const keys = [key[0], key[1], (0x1bd11bda ^ key[0] ^ key[1]) >>> 0];
  let a = (counter[0] + keys[0]!) >>> 0;
  let b = (counter[1] + keys[1]!) >>> 0;
  for (let round = 0; round < 20; round += 1) {
    const rotation = rotations[round % 8]!;
    a = (a + b) >>> 0;
    b = (((b << rotation) | (b >>> (32 - rotation))) ^ a) >>> 0;
    if (round % 4 === 3) {
      const turn = (round + 1) / 4;
      a = (a + keys[turn % 3]!) >>> 0;
      b = (b + keys[(turn + 1) % 3]! + turn) >>> 0;
    }
  }
  return [a, b];
}

/** The factor of one element: 0 or 1 / (1 - rate). `stream` is the step mixed with the site. */
export function dropoutFactor(
  rate: number,
  [seed, stream]: Pair,
  { sample, position, channel }: { sample: number; position: number; channel: number },
): number {
  const bits = threefry2x32([seed, stream], [sample, (position * 65_536 + Math.floor(channel / 4)) >>> 0]);
  const word = bits[channel % 4 < 2 ? 0 : 1]!;
  const random = channel % 2 === 0 ? word & 0xffff : word >>> 16;
  return random < Math.round(rate * 65_536) ? 0 : 1 / (1 - rate);
}
