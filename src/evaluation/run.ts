/**
 * Retrieval metrics of a run given by ids, as trec_eval reads it: query -> document -> score, judged by query ->
 * document -> grade.
 */
import { compareUtf8 } from '../data/code-points.ts';
import { type RankedGrades, RetrievalMeans } from './retrieval.ts';

export type Run = ReadonlyMap<string, ReadonlyMap<string, number>>;
export type Judgements = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The documents of one query in trec_eval's order: score descending as f32, then id descending by bytes. */
function rankByScore(scores: ReadonlyMap<string, number>): string[] {
  return [...scores]
    .map(([id, score]) => [id, Math.fround(score)] as const)
    .sort(([a, first], [b, second]) => second - first || compareUtf8(b, a))
    .map(([id]) => id);
}

/** Grades of a query's ranking; null if it is not in both the run and the judgements. */
export function rankedGrades(query: string, run: Run, judgements: Judgements): RankedGrades | null {
  const scores = run.get(query);
  const grades = judgements.get(query);
  if (scores === undefined || grades === undefined) return null;
  return { ranked: rankByScore(scores).map((id) => grades.get(id) ?? 0), judged: [...grades.values()] };
}

/** Means over the queries that are in both. */
export function evaluateRun(run: Run, judgements: Judgements): RetrievalMeans {
  const means = new RetrievalMeans();
  for (const query of run.keys()) {
    const grades = rankedGrades(query, run, judgements);
    if (grades !== null) means.add(grades);
  }
  return means;
}
