/**
 * qrels/<split>.tsv: query-id, corpus-id, integer grade, with or without a header; or the four columns of trec_eval
 * (query, iteration, document, grade). A repeated pair overwrites. Judgements of absent queries are left out, those of
 * absent documents kept, as trec_eval does.
 */
import { basename } from 'node:path';
import { readLines, requireTextFile, type TextLine } from '../lines.ts';
import type { ImportNotes } from '../problems.ts';
import type { ImportContext } from './importer.ts';

/** Grades by query id, then document id, in the order of the file. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

type Ids = Pick<ReadonlyMap<string, unknown>, 'has'>;

interface Judgement {
  readonly query: string;
  readonly document: string;
  readonly grade: string;
}

export async function readQrels(
  path: string,
  { notes, signal, onLine }: ImportContext,
  queries: Ids,
  documents: Ids,
): Promise<Qrels> {
  await requireTextFile(path);
  const file = `qrels/${basename(path)}`;
  const qrels = new Map<string, Map<string, number>>();
  const strangers = new Strangers(queries, documents);
  for await (const line of readLines(path, notes, signal)) {
    onLine();
    if (line.text.trim() === '') continue;
    const problem = (message: string, field?: string) =>
      notes.problem({ file, line: line.number, message, ...(field === undefined ? {} : { field }) });
    const judgement = parseLine(line.text);
    if (judgement === null) {
      if (line.number > 1) problem('expected query-id, corpus-id and score by tabs, or the four columns of trec_eval');
      continue;
    }
    const { query, document, grade } = judgement;
    if (!isWhole(grade)) {
      if (!isHeader(line, judgement, queries, documents)) problem(`is "${grade}", expected a whole number`, 'score');
    } else if (strangers.knows(judgement, line.number)) {
      const grades = qrels.get(query) ?? new Map<string, number>();
      qrels.set(query, grades.set(document, Number(grade)));
    }
  }
  strangers.report(file, notes);
  return qrels;
}

const isWhole = (grade: string): boolean => /^-?\d{1,9}$/.test(grade);

function parseLine(text: string): Judgement | null {
  const byTabs = text.split('\t');
  if (byTabs.length === 3) {
    const [query, document, grade] = byTabs as [string, string, string];
    return { query, document, grade: grade.trim() };
  }
  const [query, , document, grade, ...rest] = text.trim().split(/\s+/);
  if (query === undefined || document === undefined || grade === undefined || rest.length > 0) return null;
  return { query, document, grade };
}

/** The first line, unless it judges: a header ends in no number, and names neither query nor document. */
const isHeader = ({ number }: TextLine, { query, document }: Judgement, queries: Ids, documents: Ids): boolean =>
  number === 1 && !(queries.has(query) && documents.has(document));

/** Warnings of judgements that name what the folder lacks. */
export const strangerWarnings = {
  query: 'judgements of queries that queries.jsonl lacks left out',
  document: 'judgements of documents that corpus.jsonl lacks kept: they count as relevant documents that are not found',
} as const;

/** Counts judgements of absent queries and documents; a file with no other ones is refused. */
class Strangers {
  readonly #queries: Ids;
  readonly #documents: Ids;
  readonly #counts = { query: 0, document: 0 };
  #known = 0;
  #first: { readonly line: number; readonly field: string; readonly message: string } | null = null;

  constructor(queries: Ids, documents: Ids) {
    this.#queries = queries;
    this.#documents = documents;
  }

  /** Whether the judgement counts: its query is known. */
  knows({ query, document, grade }: Judgement, line: number): boolean {
    if (!this.#queries.has(query)) {
      this.#counts.query++;
      this.#first ??= { line, field: 'query-id', message: `names no query of queries.jsonl: "${query}"` };
      return false;
    }
    if (this.#documents.has(document)) {
      this.#known++;
      return true;
    }
    if (Number(grade) > 0) this.#counts.document++;
    this.#first ??= { line, field: 'corpus-id', message: `names no document of corpus.jsonl: "${document}"` };
    return true;
  }

  report(file: string, notes: ImportNotes): void {
    if (this.#known === 0 && this.#first !== null) {
      const { message, ...at } = this.#first;
      notes.problem({ file, ...at, message: `${message}, as every other judgement of the file` });
    }
    for (const kind of ['query', 'document'] as const) {
      if (this.#counts[kind] > 0) notes.warn(strangerWarnings[kind], this.#counts[kind]);
    }
  }
}
