/**
 * Which matters each split speaks of. A matter is a part with a family of symptoms that it can have; every matter
 * belongs to one split, so what test asks about (and every text that says it) is unseen in training, while each word is
 * seen there.
 */
import { RandomStream } from '../../random/keyed.ts';
import type { Split } from '../types.ts';
import type { Meaning } from './grammar.ts';
import { actions, parts, symptomFamilies } from './lexicon.ts';

/** Shares of the matters; the rest is train. */
const shares = { dev: 0.1, test: 0.25 } as const;

export type Matter = Pick<Meaning, 'part' | 'family'>;

/**
 * The matters of each split, in a seeded order. Both tasks of one seed share them, so a joint run sees no test matter.
 */
export function splitMatters(seed: number): Record<Split, Matter[]> {
  const all = parts.flatMap(({ kind }, part) =>
    symptomFamilies.flatMap(({ kinds }, family) => (kinds.includes(kind) ? [{ part, family }] : [])),
  );
  new RandomStream(seed, purpose.matters).shuffle(all);
  const dev = Math.round(all.length * shares.dev);
  const test = Math.round(all.length * shares.test);
  return { dev: all.slice(0, dev), test: all.slice(dev, dev + test), train: all.slice(dev + test) };
}

/** Purposes of the random streams of the sample data. */
export const purpose = { matters: 11, documents: 12, queries: 13, negatives: 14, pairs: 15 } as const;

/** Both symptoms of a matter, each with a random action. */
export const meaningsOf = (matter: Matter, random: RandomStream): Meaning[] =>
  [0, 1].map((symptom) => ({ ...matter, symptom, action: random.below(actions.length) }));
