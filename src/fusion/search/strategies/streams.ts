/** Numbers of the streams of random numbers, behind the seed of the search: what is drawn from one moves no other. */
export const randomStreams = { plans: 0, sweeps: 1 } as const;
