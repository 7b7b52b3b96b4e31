/**
 * The next candidate of a search, as a function of what is searched and of the candidates before it with their scores:
 * a search that goes on after an interruption proposes what it would have proposed without one.
 */
import { isDeepStrictEqual } from 'node:util';
import { conflict } from '../../errors.ts';
import { searchStrategies } from './strategies/index.ts';
import { Trials } from './trials.ts';
import type { Candidate, Scored, SearchSpace } from './types.ts';

/**
 * Undefined = there is nothing left to try. Throws CONFLICT where the candidates before are not those that this version
 * would have proposed.
 */
export function nextCandidate(space: SearchSpace, before: readonly Scored[]): Candidate | undefined {
  const proposals = searchStrategies[space.strategy](space, new Trials());
  let proposed = proposals.next();
  for (const [number, { candidate, score }] of before.entries()) {
    if (proposed.done || !isSame(proposed.value, candidate)) throw otherSearch(number);
    proposed = proposals.next(score);
  }
  return proposed.done ? undefined : proposed.value;
}

/** Whatever the order of keys, which jsonb changes. */
const isSame = (a: Candidate, b: Candidate): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));

const otherSearch = (number: number) =>
  conflict(`Candidate ${number} of the search is not the one that this version of Tandem proposes`, {
    field: `candidates.${number}`,
    expected: 'a search that was begun by the same version',
    remedy: 'Start another search, or go on with the version that began this one.',
  });
