/**
 * Sample data for similarity: pairs of short reports. The grade follows from what both speak of: 0.4 for the part, 0.35
 * for the symptom (half of it for the other symptom of the family), 0.25 for the action; all three: 1.
 */
import { RandomStream } from '../../random/keyed.ts';
import type { DataRecord, Split } from '../types.ts';
import type { Meaning } from './grammar.ts';
import { actions } from './lexicon.ts';
import { writeFresh } from './retrieval.ts';
import { purpose, splitMatters } from './world.ts';

/** Pairs per split. */
type SimilaritySizes = Readonly<Record<Split, number>>;
const defaultSimilaritySizes: SimilaritySizes = { train: 1280, dev: 240, test: 600 };

/** How the second report differs, and how often: the six kinds fill the range from 1 to 0. */
const relations = ['equal', 'equal', 'action', 'sibling', 'samePart', 'sameSymptom', 'sameSymptom', 'other'] as const;
type Relation = (typeof relations)[number];

const weights = { part: 0.4, symptom: 0.35, action: 0.25 } as const;

export function sampleSimilarity(seed: number, split: Split, sizes = defaultSimilaritySizes): DataRecord[] {
  const meanings = splitMatters(seed)[split].flatMap(({ part, family }) =>
    [0, 1].map((symptom) => ({ part, family, symptom, action: 0 })),
  );
  const random = new RandomStream(seed, purpose.pairs, ['train', 'dev', 'test'].indexOf(split));
  const written = new Set<string>();
  return Array.from({ length: sizes[split] }, (_, index) => {
    const first = { ...random.pick(meanings), action: random.below(actions.length) };
    const second = relate(first, relations[index % relations.length]!, meanings, random);
    return {
      task: 'sts',
      query: ['', '', writeFresh('report', first, random, written)],
      positives: [['', '', writeFresh('report', second, random, written)]],
      negatives: [],
      positiveScores: [similarity(first, second)],
      negativeScores: [],
    };
  });
}

/** Grade of two reports in 0..1. */
export function similarity(a: Meaning, b: Meaning): number {
  const symptom = a.family === b.family ? (a.symptom === b.symptom ? 1 : 0.5) : 0;
  const grade =
    (a.part === b.part ? weights.part : 0) + weights.symptom * symptom + (a.action === b.action ? weights.action : 0);
  return Math.round(grade * 1000) / 1000;
}

function relate(first: Meaning, relation: Relation, meanings: readonly Meaning[], random: RandomStream): Meaning {
  const action = random.below(3) === 0 ? first.action : random.below(actions.length);
  const among = (keep: (meaning: Meaning) => boolean): Meaning => {
    const found = meanings.filter(keep);
    return { ...random.pick(found.length > 0 ? found : meanings), action };
  };
  switch (relation) {
    case 'equal':
      return first;
    case 'action':
      return { ...first, action: random.below(actions.length) };
    case 'sibling':
      return { ...first, symptom: 1 - first.symptom, action };
    case 'samePart':
      return among((meaning) => meaning.part === first.part && meaning.family !== first.family);
    case 'sameSymptom':
      return among(
        (meaning) =>
          meaning.part !== first.part && meaning.family === first.family && meaning.symptom === first.symptom,
      );
    case 'other':
      return among((meaning) => meaning.part !== first.part && meaning.family !== first.family);
  }
}
