/** Where the candidates of a search stand: its winner, the best checkpoint as it is, and the Pareto front. */
import type { FusionCandidateRow } from '../../db/schema.ts';
import type { SearchStrategy } from '../../fusion/search/catalog.ts';

type Standing = Pick<FusionCandidateRow, 'number' | 'origin' | 'score' | 'ir' | 'sts'>;

/**
 * The candidate with the highest joint score, of equal ones the first. A greedy soup keeps what is not worse, so of its
 * equal soups the last one wins, and it wins over a checkpoint of the same score.
 */
export function winnerOf<Row extends Standing>(rows: readonly Row[], strategy: SearchStrategy): Row | undefined {
  const best = bestOf(rows);
  if (strategy !== 'greedy-soup' || !best) return best;
  return rows.findLast(({ origin, score }) => origin !== 'single' && score === best.score) ?? best;
}

/** The best of the checkpoints as they are. */
export const bestSingleOf = <Row extends Standing>(rows: readonly Row[]): Row | undefined =>
  bestOf(rows.filter(({ origin }) => origin === 'single'));

function bestOf<Row extends Standing>(rows: readonly Row[]): Row | undefined {
  const best = Math.max(...rows.map(({ score }) => score ?? -Infinity));
  return rows.find(({ score }) => score === best);
}

/**
 * The candidates that no other one beats: at least as good at both tasks, and better at one. Of those that are equal at
 * both the first. By descending IR; where a task has no dev set, the best at the other one.
 */
export function frontOf<Row extends Standing>(rows: readonly Row[]): Row[] {
  const front: Row[] = [];
  const order = (a: Row, b: Row): number => irOf(b) - irOf(a) || stsOf(b) - stsOf(a) || a.number - b.number;
  for (const row of rows.filter(({ score }) => score !== null).sort(order)) {
    if (front.length === 0 || stsOf(row) > stsOf(front.at(-1) as Row)) front.push(row);
  }
  return front;
}

const irOf = ({ ir }: Standing): number => ir ?? 0;
const stsOf = ({ sts }: Standing): number => sts ?? 0;
