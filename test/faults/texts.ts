/** Texts for the faults: made of few words, different by seed, equal on every machine. */

const words =
  'pump valve seal bearing rotor shaft leak noise heat wear check clean replace tighten drain refill inspect motor'.split(
    ' ',
  );

/** A text of `length` words. */
export function textOf(seed: number, length: number): string {
  // Multipliers of a linear congruential generator modulo 2^31 (Park and Miller's modulus, 48271).
  let state = (seed * 7919 + 12_345) % 2_147_483_647;
  const drawn = Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return words[state % words.length];
  });
  return `${drawn.join(' ')} ${seed}`;
}

/** A record of similarity, as a line of a CoDiEmb file. */
export const lineOf = (seed: number, length: number): string =>
  JSON.stringify({
    task_type: 'sts',
    query: ['', '', textOf(seed, length)],
    positives: [['', '', textOf(seed + 1, length)]],
    negatives: [],
    positive_scores: [(seed % 11) / 10],
    negative_scores: [],
  });

/** The same as a record of a request. */
export const recordOf = (seed: number, length: number) => ({
  task: 'STS' as const,
  query: { text: textOf(seed, length) },
  positives: [{ text: { text: textOf(seed + 1, length) }, score: (seed % 11) / 10 }],
  negatives: [],
});
