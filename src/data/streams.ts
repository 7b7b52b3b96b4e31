/** What the random streams of the data are for: the first word of a stream's name after the seed. */
export const streams = { batches: 1, permutation: 2, draw: 3 } as const;
