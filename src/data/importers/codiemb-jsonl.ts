/** CoDiEmb JSONL: one unified record per line (TencentCloudADP/youtu-embedding; docs/method.md section 1). */
import { basename } from 'node:path';
import { readLines, requireTextFile, type TextLine } from '../lines.ts';
import { UnheardNotes } from '../problems.ts';
import { decodeRecord, mixedTasks, type RecordRules } from '../record-codec.ts';
import type { DataRecord, Task } from '../types.ts';
import type { ImportContext, Imported, Importer, ImporterOptions } from './importer.ts';
import { drawSplits, findSplitFiles, type SplitFile } from './splits.ts';

const extensions = ['.jsonl', '.ndjson', '.json'] as const;

export const importCodiembJsonl: Importer<'codiemb-jsonl'> = async function* (context) {
  const state: FileState = { task: null, good: 0 };
  for (const file of await findSplitFiles(context.path, extensions)) yield* importFile(file, context, state);
};

interface FileState {
  /** Of the first record; every other has the same. */
  task: Task | null;
  good: number;
}

async function* importFile(
  { path, split }: SplitFile,
  context: ImportContext<ImporterOptions<'codiemb-jsonl'>>,
  state: FileState,
): AsyncGenerator<Imported> {
  await requireTextFile(path);
  const drawn = split === null ? drawSplits(await countLines(path, context), context.options) : () => split;
  let record = 0;
  for await (const line of readLines(path, context.notes, context.signal)) {
    context.onLine();
    if (line.text.trim() === '') continue;
    const lineSplit = drawn(record++);
    const decoded = decodeLine(line, basename(path), context, state);
    for (const [part, value] of decoded.entries()) {
      const id = `${split ?? 'line'}-${line.number}${decoded.length > 1 ? `.${part + 1}` : ''}`;
      yield { kind: 'record', split: lineSplit, id, record: value };
    }
  }
}

function decodeLine(
  line: TextLine,
  file: string,
  context: ImportContext<ImporterOptions<'codiemb-jsonl'>>,
  state: FileState,
): DataRecord[] {
  const at = { file, line: line.number };
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (error) {
    context.notes.problem({ ...at, message: whyNoJson(line, error as Error, state) });
    return [];
  }
  const rules: RecordRules = {
    ...context.limits,
    scale: context.scale,
    problem: (field, message) => context.notes.problem({ ...at, ...(field === '' ? {} : { field }), message }),
    warn: (message, count) => context.notes.warn(message, count),
  };
  const records = decodeRecord(value, rules);
  const task = records[0]?.task;
  if (task === undefined) return [];
  state.good++;
  state.task ??= task;
  if (task === state.task) return records;
  rules.problem('task_type', mixedTasks(state.task, task));
  return [];
}

function whyNoJson(line: TextLine, error: Error, state: FileState): string {
  if (line.number === 1 && /^\s*\[\s*(\{|$)/.test(line.text)) {
    return 'begins a JSON array; expected JSONL, one record (an object) per line';
  }
  const hint = /\b(NaN|-?Infinity)\b/.test(line.text) ? ' (NaN and Infinity are no JSON numbers)' : '';
  const whole = state.good === 0 ? '; is this a JSONL file?' : '';
  return `is not JSON: ${error.message.slice(0, 120)}${hint}${whole}`;
}

/** Lines that hold something. Problems are noted by the reading that follows, so these are dropped. */
async function countLines(path: string, { signal }: ImportContext<ImporterOptions<'codiemb-jsonl'>>): Promise<number> {
  let count = 0;
  for await (const line of readLines(path, new UnheardNotes(), signal)) if (line.text.trim() !== '') count++;
  return count;
}
