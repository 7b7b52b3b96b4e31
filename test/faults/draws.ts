/** Seeded draws: the same in every run of a fault. */

/** From 0 to 1. */
export type Draws = () => number;

/** Park and Miller's generator. */
export function drawsOf(seed: number): Draws {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A whole number from `low` to `high`, both included. */
export const between = (draw: Draws, low: number, high: number): number => low + Math.floor(draw() * (high - low + 1));

/** One of the values; undefined where there are none. */
export const pick = <T>(draw: Draws, values: readonly T[]): T | undefined => values[Math.floor(draw() * values.length)];
