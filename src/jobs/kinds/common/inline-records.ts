/** Records that a request brings, written as CoDiEmb JSONL so that the one importer checks them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split, Task } from '../../../data/types.ts';
import { badInput, TandemError } from '../../../errors.ts';
import type { Storage } from '../../../storage/storage.ts';

interface InlineText {
  readonly taskInstruction: string;
  readonly instruction: string;
  readonly text: string;
}

interface InlineGraded {
  readonly text: InlineText;
  readonly score?: number | null;
  readonly teacherScore?: number | null;
}

export interface InlineRecord {
  readonly task: Task;
  readonly split?: Split | null;
  readonly query: InlineText;
  readonly positives: readonly InlineGraded[];
  readonly negatives: readonly InlineGraded[];
}

const triple = ({ taskInstruction, instruction, text }: InlineText) => [taskInstruction, instruction, text];

/** Grades are all there, or none: a missing one among others is -1, "no grade". */
function scoresOf(texts: readonly InlineGraded[]): number[] {
  return texts.some(({ score }) => typeof score === 'number') ? texts.map(({ score }) => score ?? -1) : [];
}

function lineOf({ task, query, positives, negatives }: InlineRecord): string {
  return JSON.stringify({
    task_type: task,
    query: triple(query),
    positives: positives.map(({ text }) => triple(text)),
    negatives: negatives.map(({ text }) => triple(text)),
    positive_scores: scoresOf(positives),
    negative_scores: scoresOf(negatives),
    teacher_scores: [...positives, ...negatives].map(({ teacherScore }) => teacherScore ?? null),
  });
}

/** Refuses records of which some have a split and some do not. */
export function checkSplits(records: readonly InlineRecord[]): void {
  const given = records.filter(({ split }) => split).length;
  if (given === 0 || given === records.length) return;
  const without = records.findIndex(({ split }) => !split);
  throw badInput(`Record ${without} has no split although others have one`, {
    field: `input.source.records.${without}.split`,
    expected: 'a split in every record, or in none',
    remedy: 'Give every record its split, or leave all out and let them be drawn.',
  });
}

/**
 * Writes one file, or one per split where splits are given. The caller discards the folder; nothing stays if the
 * writing fails.
 */
export async function writeInlineRecords(
  storage: Storage,
  records: readonly InlineRecord[],
): Promise<{ folder: string; path: string }> {
  const folder = await storage.stage();
  try {
    for (const name of ['train', 'dev', 'test', 'records']) {
      const part = records.filter(({ split }) => (split ?? 'records') === name);
      if (part.length === 0) continue;
      await writeFile(join(folder, `${name}.jsonl`), part.map((record) => `${lineOf(record)}\n`).join(''));
    }
  } catch (error) {
    await storage.discard(folder);
    throw error;
  }
  return { folder, path: records.some(({ split }) => split) ? folder : join(folder, 'records.jsonl') };
}

/** The importer speaks of lines of files; the caller knows records. */
export function pointAtRecords(error: unknown): unknown {
  if (!(error instanceof TandemError) || error.details.problems === undefined) return error;
  const problems = error.details.problems.map(({ file, line, field, message }) => {
    const split = file?.replace(/\.jsonl$/, '') ?? 'records';
    const place = split === 'records' ? `record ${(line ?? 1) - 1}` : `record ${(line ?? 1) - 1} of split ${split}`;
    return { field: field ?? 'input.source.records', message: `${place}: ${message}` };
  });
  const remedy = 'Correct the records listed under problems and import again; nothing was stored.';
  const message = `Import refused, ${problems.length} problem(s). First: ${problems[0]?.message ?? ''}`;
  const expected = 'records of one task with texts and grades on the declared scale';
  const field = 'input.source.records';
  return new TandemError(error.code, message, { ...error.details, field, expected, remedy, problems });
}
