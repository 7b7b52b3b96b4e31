/** Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw 2011), as plain loops. Never optimised. */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

export function threefry2x32(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const keys = [key[0] >>> 0, key[1] >>> 0, (0x1bd11bda ^ key[0] ^ key[1]) >>> 0];
  let [a, b] = [(counter[0] + keys[0]!) >>> 0, (counter[1] + keys[1]!) >>> 0];
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round % 8]!;
    a = (a + b) >>> 0;
    b = (((b << rotation) | (b >>> (32 - rotation))) ^ a) >>> 0;
    if (round % 4 === 3) {
      const injection = Math.floor(round / 4) + 1;
      a = (a + keys[injection % 3]!) >>> 0;
      b = (b + keys[(injection + 1) % 3]! + injection) >>> 0;
    }
  }
  return [a, b];
}
