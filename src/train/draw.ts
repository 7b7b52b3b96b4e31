/**
 * From a planned batch to its texts: which positives and negatives are shown, keyed by (seed, epoch, data set, pass,
 * record).
 */
import { drawSlot, drawTexts } from '../data/draw-texts.ts';
import type { PlannedBatch, Visit } from '../data/samplers/sampler.ts';
import { gatherTexts } from '../nn/batch.ts';
import type { Lists } from '../tokens/types.ts';
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
  const { dataset, file } = data[index]!;
  const { query, positives } = file.splits.train;
  const partner = (record: number): number => positives.starts[record]!;
  const numbers = [
    ...Array.from(records, (record) => query[record]!),
    ...Array.from(records, (record) => positives.values[partner(record)]!),
  ];
  const grades = Float32Array.from(records, (record) => positives.scores[partner(record)]!);
  const terms = termsOf(settings, dataset);
  return {
    ...{ task: 'sts', dataset: dataset.name, size: records.length, terms, grades },
    texts: gatherTexts(file.texts, numbers),
  };
}

function drawIr({ settings, epoch, data }: DrawContext, { dataset: index, records, pass }: PlannedBatch): GlobalBatch {
  const { dataset, file } = data[index]!;
  const { train } = file.splits;
  const terms = termsOf(settings, dataset);
  const P = shownPositives(terms, settings.positives);
  const positives = new Shown(train.positives);
  const drawnNegatives = new Shown(train.negatives);
  const negativeMask = new Uint8Array(records.length);
  records.forEach((record, row) => {
    const entries = drawEntries({ settings, data }, { dataset: index, epoch, pass, record });
    positives.show(entries.positives);
    const drawn = entries.negatives;
    negativeMask[row] = drawn.length > 0 ? 1 : 0;
    // A query without negatives shows its own text in their place; those columns are masked.
    if (drawn.length > 0) drawnNegatives.show(drawn);
    else drawnNegatives.fill(settings.negatives, train.query[record]!);
  });
  const negatives = negativeMask.some((valid) => valid === 1) ? drawnNegatives : new Shown(train.negatives);
  const queries = Array.from(records, (record) => train.query[record]!);
  return {
    ...{ task: 'ir', dataset: dataset.name, size: records.length, terms },
    positives: P,
    negatives: negatives.texts.length / records.length,
    negativeMask,
    // The positives come in random order, so the first slot is a draw.
    slots: new Uint32Array(records.length),
    ...(hasTeacherScores(train) && {
      teacherScores: {
        positives: Float32Array.from(positives.teacher),
        negatives: Float32Array.from(negatives.teacher),
      },
    }),
    texts: gatherTexts(file.texts, [...queries, ...positives.texts, ...negatives.texts]),
    ...(masksKnownPositives(terms) && {
      candidateTexts: knownPositives(train, records, positives.texts, negatives.texts),
    }),
  };
}

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

/** The entries of a split's lists that a batch shows, query by query. */
class Shown {
  readonly texts: number[] = [];
  /** What a teacher gives them; NaN = none. */
  readonly teacher: number[] = [];
  readonly #lists: Lists;

  constructor(lists: Lists) {
    this.#lists = lists;
  }

  show(entries: readonly number[]): void {
    const { values, teacher } = this.#lists;
    for (const entry of entries) {
      this.texts.push(values[entry]!);
      this.teacher.push(teacher?.[entry] ?? Number.NaN);
    }
  }

  /** Shows a text that is none of the entries, `count` times. */
  fill(count: number, text: number): void {
    for (let place = 0; place < count; place++) {
      this.texts.push(text);
      this.teacher.push(Number.NaN);
    }
  }
}
