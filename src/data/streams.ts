/** Purposes of the random streams of the data; a stream is keyed by the seed, its purpose and further numbers. */
export const streams = { batches: 1, permutation: 2, draw: 3 } as const;
