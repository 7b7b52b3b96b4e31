/**
 * qrels/<split>.tsv: a header that is always skipped, then query-id, corpus-id, integer grade; a repeated pair
 * overwrites.
 */
import { basename } from 'node:path';
import { readLines, requireTextFile } from '../lines.ts';
import type { ImportContext } from './importer.ts';

/** Grades by query id, then document id, in the order of the file. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

export async function readQrels(
  path: string,
  { notes, signal, onLine }: ImportContext,
  queries: ReadonlyMap<string, unknown>,
  documents: ReadonlyMap<string, unknown>,
): Promise<Qrels> {
  await requireTextFile(path);
  const file = `qrels/${basename(path)}`;
  const qrels = new Map<string, Map<string, number>>();
  for await (const { number, text } of readLines(path, notes, signal)) {
    onLine();
    if (number === 1 || text.trim() === '') continue;
    const problem = (message: string, field?: string) =>
      notes.problem({ file, line: number, message, ...(field === undefined ? {} : { field }) });
    const [query, document, grade, ...rest] = text.split('\t');
    if (query === undefined || document === undefined || grade === undefined || rest.length > 0) {
      problem('expected query-id, corpus-id and score, separated by tabs');
    } else if (!/^-?\d{1,9}$/.test(grade.trim())) problem(`is "${grade}", expected a whole number`, 'score');
    else if (!queries.has(query)) problem(`names no query of queries.jsonl: "${query}"`, 'query-id');
    else if (!documents.has(document)) problem(`names no document of corpus.jsonl: "${document}"`, 'corpus-id');
    else {
      const grades = qrels.get(query) ?? new Map<string, number>();
      qrels.set(query, grades.set(document, Number(grade)));
    }
  }
  return qrels;
}
