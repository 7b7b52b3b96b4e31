/**
 * From a planned batch to its texts: which positives and negatives are shown, keyed by (seed, epoch, data set, pass,
 * record).
 */
import { drawSlot, drawTexts } from '../data/draw-texts.ts';
import type { PlannedBatch, Visit } from '../data/samplers/sampler.ts';
import { gatherTexts } from '../nn/batch.ts';
import type { Lists, PackedTexts, TokenFile } from '../tokens/types.ts';
import type { RunSettings } from './catalog.ts';
import { hasTeacherScores, type TrainingData } from './data.ts';
import type { GlobalBatch } from './global-batch.ts';
import { knownPositives } from './known-positives.ts';
import { masksKnownPositives, shownPositives, termsOf } from './terms.ts';

export interface DrawContext {
  readonly settings: RunSettings;
  /** Counts from 0. */
  readonly epoch: number;
  readonly data: readonly TrainingData[];
}

export function drawBatch(context: DrawContext, planned: PlannedBatch): GlobalBatch {
  return context.data[planned.dataset]!.file.task === 'ir' ? drawIr(context, planned) : drawSts(context, planned);
}

function drawSts({ settings, data }: DrawContext, { dataset: index, records }: PlannedBatch): GlobalBatch {
  const { dataset, file, teacher } = data[index]!;
  const { positives } = file.splits.train;
  const partners = Array.from(records, (record) => positives.starts[record]!);
  const grades = Float32Array.from(partners, (partner) => positives.scores[partner]!);
  const terms = termsOf(settings, dataset);
  return {
    ...{ task: 'sts', dataset: dataset.name, size: records.length, terms, grades },
    ...shownTexts({ file, teacher }, { records, positives: partners, negatives: [] }),
  };
}

function drawIr({ settings, epoch, data }: DrawContext, { dataset: index, records, pass }: PlannedBatch): GlobalBatch {
  const { dataset, file, teacher } = data[index]!;
  const { train } = file.splits;
  const terms = termsOf(settings, dataset);
  const drawn = Array.from(records, (record) =>
    drawEntries({ settings, data }, { dataset: index, epoch, pass, record }),
  );
  const negativeMask = Uint8Array.from(drawn, ({ negatives }) => (negatives.length > 0 ? 1 : 0));
  const hasNegatives = negativeMask.includes(1);
  const shown: ShownEntries = {
    records,
    positives: drawn.flatMap(({ positives }) => positives),
    negatives: hasNegatives ? drawn.flatMap(({ negatives }) => filled(negatives, settings.negatives)) : [],
  };
  const numbers = numbersOf(file, shown);
  return {
    ...{ task: 'ir', dataset: dataset.name, size: records.length, terms },
    positives: shownPositives(terms, settings.positives),
    negatives: shown.negatives.length / records.length,
    negativeMask,
    // The positives come in random order, so the first slot is a draw.
    slots: new Uint32Array(records.length),
    ...(hasTeacherScores(train) && {
      teacherScores: {
        positives: scoresOf(train.positives, shown.positives),
        negatives: scoresOf(train.negatives, shown.negatives),
      },
    }),
    ...shownTexts({ file, teacher }, shown),
    ...(masksKnownPositives(terms) && {
      candidateTexts: knownPositives(train, records, numbers.positives, numbers.negatives),
    }),
  };
}

/**
 * What a batch shows, by its place in the lists of the train split, which is the same in the token file of any model:
 * the numbers of texts are not, since a model's prompts may make two texts one.
 */
interface ShownEntries {
  readonly records: Uint32Array;
  /** Entries of the lists, query by query. */
  readonly positives: readonly number[];
  /** Null stands for the query's own text, in the place of a negative that is masked. */
  readonly negatives: readonly (number | null)[];
}

const filled = (entries: readonly number[], count: number): readonly (number | null)[] =>
  entries.length > 0 ? entries : new Array<null>(count).fill(null);

/** Numbers of the texts in a model's token file. */
function numbersOf({ splits: { train } }: TokenFile, { records, positives, negatives }: ShownEntries) {
  const perQuery = negatives.length / records.length;
  return {
    queries: Array.from(records, (record) => train.query[record]!),
    positives: positives.map((entry) => train.positives.values[entry]!),
    negatives: negatives.map((entry, at) =>
      entry === null ? train.query[records[Math.floor(at / perQuery)]!]! : train.negatives.values[entry]!,
    ),
  };
}

/** As the model reads them and, where there is one, the teacher. */
function shownTexts({ file, teacher }: Pick<TrainingData, 'file' | 'teacher'>, shown: ShownEntries) {
  const textsOf = (tokens: TokenFile): PackedTexts => {
    const { queries, positives, negatives } = numbersOf(tokens, shown);
    return gatherTexts(tokens.texts, [...queries, ...positives, ...negatives]);
  };
  return { texts: textsOf(file), ...(teacher && { teacherTexts: textsOf(teacher) }) };
}

/** What a teacher gives the entries; NaN = none. */
const scoresOf = ({ teacher }: Lists, entries: ShownEntries['negatives']): Float32Array =>
  Float32Array.from(entries, (entry) => (entry === null ? Number.NaN : (teacher?.[entry] ?? Number.NaN)));

interface DatasetVisit extends Visit {
  /** Index into the run's data sets. */
  readonly dataset: number;
}

/** Entries of the lists that a record shows; no negatives where it has none. */
function drawEntries({ settings, data }: Omit<DrawContext, 'epoch'>, { record, ...visit }: DatasetVisit) {
  const { dataset, file } = data[visit.dataset]!;
  const { positives, negatives } = file.splits.train;
  const draw = (lists: Lists, slot: 0 | 1, count: number): number[] => {
    const begin = lists.starts[record]!;
    const available = lists.starts[record + 1]! - begin;
    const drawn = drawTexts({ ...visit, seed: settings.seed, record, slot, available, count });
    return Array.from(drawn, (text) => begin + text);
  };
  // Losses that show fewer positives show the first of those that are drawn.
  const shown = shownPositives(termsOf(settings, dataset), settings.positives);
  return {
    positives: draw(positives, drawSlot.positives, settings.positives).slice(0, shown),
    negatives: draw(negatives, drawSlot.negatives, settings.negatives),
  };
}

/** Numbers of the texts that an IR record shows: its query, positives and negatives. */
export function textsShown(context: Omit<DrawContext, 'epoch'>, visit: DatasetVisit): number[] {
  const { positives, negatives } = drawEntries(context, visit);
  const { train } = context.data[visit.dataset]!.file.splits;
  return [
    train.query[visit.record]!,
    ...positives.map((entry) => train.positives.values[entry]!),
    ...negatives.map((entry) => train.negatives.values[entry]!),
  ];
}
