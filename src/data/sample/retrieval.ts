/**
 * Sample data for retrieval: notes, manual entries and FAQ answers as documents, short questions as queries.
 * Grades by construction: 2 = same part and same symptom, 1 = same part and the other symptom of its family, else 0.
 */
import { RandomStream } from '../../random/keyed.ts';
import type { DataRecord, Split, StoredDocument, TextTriple } from '../types.ts';
import { type Meaning, type TextKind, write } from './grammar.ts';
import { type Matter, meaningsOf, purpose, splitMatters } from './world.ts';

interface RetrievalSizes {
  /** Documents of every kind (note, manual, FAQ) per part and symptom. */
  readonly documentsPerKind: number;
  readonly queries: Readonly<Record<Split, number>>;
  /** Hard negatives stored with a query of the train split: half share the part, half the symptom. */
  readonly negatives: number;
}

/** `queries` counts questions per part and symptom. */
const defaultRetrievalSizes: RetrievalSizes = {
  documentsPerKind: 1,
  queries: { train: 2, dev: 1, test: 1 },
  negatives: 4,
};

const kinds: readonly TextKind[] = ['note', 'manual', 'faq'];

interface SampleDocument extends StoredDocument {
  readonly meaning: Meaning;
}

export interface RetrievalSplit {
  readonly documents: readonly StoredDocument[];
  readonly queries: readonly { readonly record: DataRecord; readonly positiveDocuments: readonly string[] }[];
}

export function sampleRetrieval(seed: number, split: Split, sizes = defaultRetrievalSizes): RetrievalSplit {
  const matters = splitMatters(seed)[split];
  const documents = writeDocuments(seed, split, matters, sizes);
  const written = new Set<string>();
  const queries = matters.flatMap((matter, index) => {
    const random = new RandomStream(seed, purpose.queries, splitNumber[split], index);
    return meaningsOf(matter, random).flatMap((meaning) =>
      Array.from({ length: sizes.queries[split] }, () => {
        const text = writeFresh('query', meaning, random, written);
        return makeQuery(text, meaning, documents, split === 'train' ? sizes.negatives : 0, random);
      }),
    );
  });
  return { documents: documents.map(({ meaning: _, ...document }) => document), queries };
}

const splitNumber: Record<Split, number> = { train: 0, dev: 1, test: 2 };
const triple = (text: string): TextTriple => ['', '', text];

function writeDocuments(seed: number, split: Split, matters: readonly Matter[], sizes: RetrievalSizes) {
  const written = new Set<string>();
  return matters.flatMap((matter, index) => {
    const random = new RandomStream(seed, purpose.documents, splitNumber[split], index);
    return meaningsOf(matter, random).flatMap((meaning) =>
      Array.from({ length: kinds.length * sizes.documentsPerKind }, (_, position): SampleDocument => {
        const kind = kinds[position % kinds.length]!;
        const id = `${kind}-${split}-${matter.part}-${matter.family}-${meaning.symptom}-${position}`;
        return {
          kind: 'document',
          splits: [split],
          id,
          text: triple(writeFresh(kind, meaning, random, written)),
          meaning,
        };
      }),
    );
  });
}

/** A wording that was not used yet, so that no two documents (or queries) of a split are equal. */
export function writeFresh(kind: TextKind, meaning: Meaning, random: RandomStream, written: Set<string>): string {
  for (;;) {
    const text = write(kind, meaning, random);
    if (written.has(text)) continue;
    written.add(text);
    return text;
  }
}

const samePart = (a: Meaning, b: Meaning) => a.part === b.part;
const sameFamily = (a: Meaning, b: Meaning) => a.family === b.family;
const sameSymptom = (a: Meaning, b: Meaning) => sameFamily(a, b) && a.symptom === b.symptom;

/** Relevance of a document to a question: 2, 1 or 0. */
export function relevance(question: Meaning, document: Meaning): number {
  if (!samePart(question, document) || !sameFamily(question, document)) return 0;
  return sameSymptom(question, document) ? 2 : 1;
}

function makeQuery(
  text: string,
  meaning: Meaning,
  documents: readonly SampleDocument[],
  negatives: number,
  random: RandomStream,
) {
  const graded = documents.map((document) => ({ document, grade: relevance(meaning, document.meaning) }));
  const positives = graded.filter(({ grade }) => grade > 0).sort((a, b) => b.grade - a.grade);
  const others = graded.filter(({ grade }) => grade === 0).map(({ document }) => document);
  const near = [
    ...draw(
      others.filter((document) => samePart(meaning, document.meaning)),
      Math.ceil(negatives / 2),
      random,
    ),
    ...draw(
      others.filter((document) => sameSymptom(meaning, document.meaning)),
      Math.floor(negatives / 2),
      random,
    ),
  ];
  const record: DataRecord = {
    task: 'ir',
    query: triple(text),
    positives: positives.map(({ document }) => document.text),
    negatives: near.map((document) => document.text),
    positiveScores: positives.map(({ grade }) => grade),
    negativeScores: near.map(() => 0),
  };
  return { record, positiveDocuments: positives.map(({ document }) => document.id) };
}

const draw = <T>(items: readonly T[], count: number, random: RandomStream): T[] =>
  random.sample(items.length, count).map((index) => items[index]!);
