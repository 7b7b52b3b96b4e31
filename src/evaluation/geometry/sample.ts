/**
 * The texts and pairs that geometry is measured on: a seeded sample of one split (docs/method.md section 6). Texts are
 * numbers of the token file; a role is what a text is there: query or passage, or a sentence of a pair.
 */
import { RandomStream } from '../../random/keyed.ts';
import type { TokenizedSplit } from '../../tokens/types.ts';

/** Distinct texts of a role at most. */
const textsPerRole = 2_000;
/** Pairs of distinct texts at most, and positives at most. */
const randomPairs = 20_000;
const positivePairs = 2_000;
/** Texts whose tokens are compared. */
const tokenTexts = 500;
/** Smallest grade of a pair of similarity that counts as positive. */
const positiveGrade = 0.8;

/** Pairs of text numbers, as two lists. */
interface TextPairs {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}

export interface GeometrySample {
  /** Distinct. */
  readonly texts: Uint32Array;
  /** Distinct pairs of different ones of `texts`. */
  readonly pairs: TextPairs;
  /** Positives of the split, whose texts need not be among `texts`. */
  readonly positives: TextPairs;
  /** Some of `texts`. */
  readonly tokenTexts: Uint32Array;
}

const streams = { texts: 0, pairs: 1, positives: 2, tokens: 3 } as const;

/** The same for the same token file, split and seed. */
export function sampleGeometry(task: 'ir' | 'sts', split: TokenizedSplit, seed: number): GeometrySample {
  const partners = split.positives.values;
  const roles = task === 'ir' ? [split.query, split.documents] : [[...split.query, ...partners]];
  const drawn = roles.map((role, index) => {
    const distinct = [...new Set(role)];
    const places = new RandomStream(seed, streams.texts, index).sample(distinct.length, textsPerRole);
    return places.map((place) => distinct[place]!);
  });
  const texts = Uint32Array.from(new Set(drawn.flat()));
  const places = new RandomStream(seed, streams.tokens).sample(texts.length, tokenTexts);
  return {
    texts,
    pairs: pairsOf(texts, new RandomStream(seed, streams.pairs)),
    positives: positivesOf(task, split, new RandomStream(seed, streams.positives)),
    tokenTexts: Uint32Array.from(places, (place) => texts[place]!),
  };
}

/** Pair number p stands for places i < j with p = j (j - 1) / 2 + i. */
function pairsOf(texts: Uint32Array, random: RandomStream): TextPairs {
  const numbers = random.sample((texts.length * (texts.length - 1)) / 2, randomPairs);
  const later = numbers.map((number) => {
    const root = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2);
    return (root * (root - 1)) / 2 > number ? root - 1 : root;
  });
  const earlier = numbers.map((number, index) => number - (later[index]! * (later[index]! - 1)) / 2);
  return {
    first: Uint32Array.from(earlier, (place) => texts[place]!),
    second: Uint32Array.from(later, (place) => texts[place]!),
  };
}

function positivesOf(task: 'ir' | 'sts', split: TokenizedSplit, random: RandomStream): TextPairs {
  const all = task === 'ir' ? relevantOf(split) : closeOf(split);
  const places = random.sample(all.length, positivePairs);
  return {
    first: Uint32Array.from(places, (place) => all[place]![0]),
    second: Uint32Array.from(places, (place) => all[place]![1]),
  };
}

/** Queries with their relevant documents, as far as the corpus has them. */
function relevantOf({ query, documents, judgements: { starts, values, scores } }: TokenizedSplit): [number, number][] {
  return Array.from(query).flatMap((text, record) => {
    const entries = Array.from({ length: starts[record + 1]! - starts[record]! }, (_, i) => starts[record]! + i);
    return entries
      .filter((entry) => scores[entry]! >= 1 && values[entry]! < documents.length)
      .map((entry): [number, number] => [text, documents[values[entry]!]!]);
  });
}

function closeOf({ query, positives: { values, scores } }: TokenizedSplit): [number, number][] {
  return Array.from(query, (text, record): [number, number] => [text, values[record]!]).filter(
    (_, record) => scores[record]! >= Math.fround(positiveGrade),
  );
}
