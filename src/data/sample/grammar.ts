/** The sentences of the sample data: templates over a part, a symptom, an action or a cause, and filler. */
import type { RandomStream } from '../../random/keyed.ts';
import { actions, causes, filler, parts, symptomFamilies } from './lexicon.ts';

/** What a text is about; two texts of equal meaning differ in words only. Numbers are positions in the lexicon. */
export interface Meaning {
  readonly part: number;
  readonly family: number;
  /** 0 or 1: which symptom of the family. */
  readonly symptom: number;
  readonly action: number;
}

export type TextKind = 'query' | 'note' | 'manual' | 'faq' | 'report';

/** {p} part, {s} symptom, {a} action in the past tense, {c} cause, {w} where, {t} when, {n} who. */
const templates: Readonly<Record<TextKind, readonly string[]>> = {
  query: [
    '{s} at the {p}, what helps?',
    'How do we fix {s} of the {p}?',
    '{p} with {s} in {w}',
    'What did the {n} do about {s} on the {p}?',
    '{p}: {s} since {t}',
    'reason for {s} on our {p}',
  ],
  note: [
    '{t}, {w}: {s} on the {p}, {a}.',
    'The {n} reports {s} at the {p}; {a}.',
    '{p} in {w}: {s}. We {a}.',
    'Because of {s} the {n} stopped the {p} and {a}.',
  ],
  manual: [
    'If the {p} shows {s}, suspect {c}.',
    '{p}: {s} points to {c}.',
    'Troubleshooting the {p}. {s} often comes from {c}.',
    'With {s} at the {p}, rule out {c} first.',
  ],
  faq: [
    'Q: {s} on the {p}? A: mostly {c}; the {n} {a}.',
    'What causes {s} at the {p}? Usually {c}.',
    'The {p} shows {s}. What now? Others {a}.',
  ],
  report: [
    '{s} on the {p}, {a}.',
    '{p}: {s}, the {n} {a}.',
    'The {p} showed {s}, so we {a}.',
    '{t}: {a} after {s} at the {p}.',
    'Found {s} on the {p} in {w}, {a}.',
  ],
};

/** One wording of a meaning. */
export function write(kind: TextKind, meaning: Meaning, random: RandomStream): string {
  const words: Readonly<Record<string, string>> = {
    p: random.pick(parts[meaning.part]!.names),
    s: random.pick(symptomFamilies[meaning.family]!.symptoms[meaning.symptom]!),
    a: random.pick(actions[meaning.action]!),
    c: random.pick(random.pick(causes)),
    w: random.pick(filler.places),
    t: random.pick(filler.times),
    n: random.pick(filler.people),
  };
  const text = random.pick(templates[kind]).replace(/\{(\w)\}/g, (_, slot: string) => words[slot]!);
  return text.replace(/(^|[.?] )(\p{Ll})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
}
